//! Troubles that pass, troubles that last, and somebody else at the same lab.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::engine::{Change, Remove};
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::EventKind;
use crate::model::failure::FailureKind;
use crate::model::observed::{ContainerState, Health};
use crate::plan::goal::Lab;
use crate::plan::step::StepId;

use super::lab::{
    Ran, answered, checked, down_goal, engine, go, go_on, lab, needing, node, run_options, service, surveyed,
    until, up, up_goal,
};
use crate::model::service::{Condition, Service};

fn retries(ran: &Ran) -> Vec<String> {
    let told = ran.events.iter().filter_map(|event| match &event.kind {
        EventKind::StepRetrying { because, pause, .. } => Some(format!("{because} {pause:?}")),
        _ => None,
    });
    told.collect()
}

fn looks(ran: &Ran) -> usize {
    ran.events.iter().filter(|event| matches!(event.kind, EventKind::LookingAgain { .. })).count()
}

fn small() -> Arc<Lab> {
    let web = needing(service("web"), &[("db", Condition::Started)]);
    lab(vec![node("vm", "dind", vec![web, service("db")]), service("client")])
}

/// Whether a plan against what is there now changes nothing.
async fn assert_is_up(engine: &FakeEngine, lab: &Arc<Lab>, when: &str) {
    let surveyed = surveyed(engine).await;
    let plan = up_goal(lab).plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let changes: Vec<_> = plan.steps.iter().filter(|step| step.action.is_change()).collect();
    assert!(changes.is_empty(), "{when}: {changes:#?}\n{}", engine.snapshot());
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_told() {
    let engine = engine();
    let reset = Fault::Fail(FailureKind::Unreachable, "connection reset by peer".to_owned());
    engine.script(When::on("start container", "lab-web-1"), 2, reset);
    let ran = up(&engine, &lab(vec![service("web")])).await;
    assert_eq!(retries(&ran), ["connection reset by peer 250ms", "connection reset by peer 500ms"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_asked_for_again_whatever_was_asked() {
    let mut changed = service("db");
    changed.spec.environment.insert("A".to_owned(), Some("1".to_owned()));
    let web = || needing(service("web"), &[("db", Condition::Started)]);
    let edited = lab(vec![node("vm", "dind", vec![web(), changed]), service("client")]);
    let steady = engine();
    up(&steady, &small()).await;
    up(&steady, &edited).await;
    let ops: Vec<(&'static str, String)> =
        steady.calls().into_iter().filter(|call| is_change(call.op)).map(|it| (it.op, it.target)).collect();
    assert!(ops.len() > 15, "{ops:?}");
    for (op, target) in &ops {
        let shaky = engine();
        // A container is called by its ID where it was observed, which is not the same here.
        let when = When::Matches {
            engine: None,
            op: Some(op),
            target: target.contains('-').then(|| target.clone()),
        };
        shaky.script(when, 1, Fault::LoseAnswer);
        up(&shaky, &small()).await;
        up(&shaky, &edited).await;
        assert_is_up(&shaky, &edited, &format!("{op} {target}")).await;
        let down = go(&shaky, &down_goal()).await;
        down.assert_good();
    }
}

fn is_change(op: &str) -> bool {
    let verb = op.split(' ').next().unwrap_or_default();
    ["create", "start", "stop", "rename", "connect", "remove", "load", "put"].contains(&verb)
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_told_once_and_at_once() {
    let engine = engine();
    let full = "write /var/lib/docker/tmp/x: no space left on device";
    engine.script(When::op("load image"), u32::MAX, Fault::Fail(FailureKind::Engine, full.to_owned()));
    let ran = go(&engine, &up_goal(&small())).await;
    assert_eq!(ran.failure().causes.last().map(String::as_str), Some(full));
    assert_eq!((retries(&ran), looks(&ran)), (Vec::new(), 0));
    assert_eq!(engine.container("lab-client-1").map(|it| it.state), Some(ContainerState::Running));
    engine.heal();
    up(&engine, &small()).await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_stays_away_is_given_up_once_and_the_rest_goes_on() {
    let engine = engine();
    let inside = (0..6).map(|n| service(&format!("s{n}"))).collect();
    let lab = lab(vec![node("vm", "dind", inside), service("client")]);
    let there = |op| When::Matches { engine: Some("/lab-vm-1".to_owned()), op, target: None };
    let gate = engine.hold(there(Some("create container")));
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go(&engine, &goal), async {
        gate.reached(1).await;
        engine.heal();
        let away = Fault::Fail(FailureKind::Unreachable, "connection refused".to_owned());
        engine.script(there(None), u32::MAX, away);
        gate.open();
    });
    // Calls at once are patient; those after them know.
    assert!(ran.report.summary.took < Duration::from_secs(12), "{:?}", ran.report.summary.took);
    assert_eq!(retries(&ran).len(), 20, "{:?}", retries(&ran));
    assert_eq!(engine.container("lab-client-1").map(|it| it.state), Some(ContainerState::Running));
    engine.heal();
    up(&engine, &lab).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_node_that_has_ended() {
    let engine = engine();
    let lab = small();
    let away = Fault::Fail(FailureKind::Unreachable, "EOF".to_owned());
    let gate = engine.hold(When::Matches {
        engine: Some("/lab-vm-1".to_owned()),
        op: Some("create container"),
        target: None,
    });
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go(&engine, &goal), async {
        gate.reached(1).await;
        engine.heal();
        engine.script(When::op("create container"), 1, away);
        engine.end("lab-vm-1", 137);
        gate.open();
    });
    assert!(ran.report.failures.iter().any(|it| it.of.to_string() == "vm"), "{:#?}", ran.report.failures);
    assert!(ran.report.summary.took < Duration::from_secs(4), "{:?}", ran.report.summary.took);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_dying_when_it_was_looked_at_is_started_again() {
    let engine = engine();
    let lab = small();
    up(&engine, &lab).await;
    // Its daemon is dead already, and the engine outside has not noticed.
    let dead = Fault::Fail(FailureKind::Unreachable, "EOF".to_owned());
    let inside = When::Matches { engine: Some("/lab-vm-1".to_owned()), op: None, target: None };
    engine.script(inside, u32::MAX, dead);
    let surveyed = surveyed(&engine).await;
    engine.heal();
    engine.end("lab-vm-1", 137);
    let goal = up_goal(&lab);
    let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let (_cancel, cancelled) = watch::channel(None);
    let ran = go_on(&goal, surveyed, first, &run_options("up"), cancelled).await;
    ran.assert_good();
    assert_eq!(looks(&ran), 1);
    assert_is_up(&engine, &lab, "started again").await;
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_removed_is_seen_and_made_again() {
    let engine = engine();
    let lab = lab(vec![needing(service("web"), &[("db", Condition::Started)]), service("db")]);
    let gate = engine.hold(When::on("start container", "lab-web-1"));
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go(&engine, &goal), async {
        gate.reached(1).await;
        let gone = Remove::Container { container: "lab-web-1".to_owned(), volumes: true };
        engine.shared().remove(&gone).await.expect("another run removes it");
        gate.open();
    });
    ran.assert_good();
    assert_eq!(looks(&ran), 1);
    assert_is_up(&engine, &lab, "removed").await;
}

#[tokio::test(start_paused = true)]
async fn a_trouble_that_looks_like_somebody_else_and_lasts_is_told_in_the_end() {
    let engine = engine();
    let why = "No such container: lab-web-1";
    engine.script(
        When::on("start container", "lab-web-1"),
        u32::MAX,
        Fault::Fail(FailureKind::NotFound, why.to_owned()),
    );
    // By ID, after the container was seen.
    engine.script(When::op("start container"), u32::MAX, Fault::Fail(FailureKind::NotFound, why.to_owned()));
    let ran = go(&engine, &up_goal(&lab(vec![service("web")]))).await;
    assert_eq!(ran.failure().causes, [why]);
    assert_eq!(looks(&ran), 4);
    assert_eq!(ran.report.summary.failed, 1);
}

/// The lab is up; while another `up` waits for what is new in it, `web` ends with this code. How often it looked again.
async fn ends_during_an_up(web: Service, code: i64) -> (usize, Option<ContainerState>) {
    let engine = engine();
    up(&engine, &lab(vec![web.clone()])).await;
    let lab = lab(vec![web, checked("slow")]);
    engine.set_behaviour("lab-slow-1", Behaviour::default().health(HealthScript::ByHand));
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go(&engine, &goal), async {
        until(|| engine.container("lab-slow-1").is_some_and(|c| c.health.is_some())).await;
        engine.end("lab-web-1", code);
        engine.set_health("lab-slow-1", Health::Healthy);
    });
    ran.assert_good();
    (looks(&ran), engine.container("lab-web-1").map(|web| web.state))
}

#[tokio::test(start_paused = true)]
async fn what_a_stop_that_was_under_way_ends_is_started_again_in_the_same_run() {
    let mut server = service("web");
    server.spec.expose.push("80/tcp".to_owned());
    let (running, exited) = (Some(ContainerState::Running), Some(ContainerState::Exited));
    assert_eq!(ends_during_an_up(service("web"), 143).await, (1, running));
    assert_eq!(ends_during_an_up(server, 0).await, (1, running));
    assert_eq!(ends_during_an_up(service("web"), 0).await, (0, exited), "a job that has ended well");
}

/// A `socket` node's layer looks at the engine on which the node runs, and sees it running.
#[tokio::test(start_paused = true)]
async fn what_this_run_started_and_ends_is_not_somebody_elses_doing() {
    let engine = engine().with_path("/var/run/docker.sock");
    engine.set_behaviour("lab-slow-1", Behaviour::default().health(HealthScript::ByHand));
    let goal = up_goal(&lab(vec![node("vm", "socket", vec![service("web")]), checked("slow")]));
    let (ran, ()) = tokio::join!(go(&engine, &goal), async {
        until(|| engine.container("lab-vm-web-1").is_some_and(|c| c.state == ContainerState::Running)).await;
        until(|| engine.container("lab-slow-1").is_some_and(|c| c.health.is_some())).await;
        engine.end("lab-vm-1", 1);
        engine.set_health("lab-slow-1", Health::Healthy);
    });
    assert_eq!(looks(&ran), 0);
    assert_eq!(ran.failure().summary, "`vm` did not stay up");
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_from_two_machines_bring_the_lab_up() {
    for seed in 1..60 {
        let engine = engine();
        engine.shuffle(seed);
        let lab = small();
        let goal = up_goal(&lab);
        let (one, two) = tokio::join!(go(&engine, &goal), go(&engine, &goal));
        one.assert_good();
        two.assert_good();
        assert_is_up(&engine, &lab, &format!("seed {seed}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_up_and_a_down_at_once_leave_what_either_can_finish() {
    for seed in 1..60 {
        let engine = engine();
        engine.shuffle(seed);
        let lab = small();
        up(&engine, &lab).await;
        let (up_goal, down_goal) = (up_goal(&lab), down_goal());
        tokio::join!(go(&engine, &up_goal), go(&engine, &down_goal));
        if seed % 2 == 0 {
            up(&engine, &lab).await;
            assert_is_up(&engine, &lab, &format!("seed {seed}")).await;
        }
        go(&engine, &down_goal).await.assert_good();
        let left = engine.observed();
        assert!(left.containers.is_empty() && left.volumes.is_empty(), "seed {seed}: {left:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_daemon_hangs_is_taken_down_from_outside() {
    let engine = engine();
    up(&engine, &small()).await;
    engine.set_behaviour("lab-vm-1", Behaviour::default().boots(Boot::Hangs));
    engine.by_hand("lab-vm-1", &Change::Stop(None));
    engine.by_hand("lab-vm-1", &Change::Start);
    let ran = go(&engine, &down_goal()).await;
    ran.assert_good();
    assert!(engine.observed().containers.is_empty(), "{}", engine.snapshot());
}
