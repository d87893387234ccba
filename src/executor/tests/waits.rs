//! What is waited for: health, ends, limits, events.

use std::time::Duration;

use tokio::sync::watch;

use super::lab::{
    answered, checked, engine, go, go_on, go_up, lab, needing, node, run_options, service, surveyed, until,
    up, up_goal,
};
use crate::engine::fake::behaviour::{Behaviour, HealthScript};
use crate::engine::fake::fault::{Fault, When};
use crate::model::failure::FailureKind;
use crate::model::observed::Health;
use crate::model::service::Condition;
use crate::plan::goal::{Goal, Up, Wait};
use crate::plan::step::StepId;

#[tokio::test(start_paused = true)]
async fn services_that_do_not_come_up_fail_with_their_address_reason_and_log() {
    let engine = engine();
    let sick = Behaviour::default().health(HealthScript::AfterInspects(2, Health::Unhealthy)).prints("no db");
    engine.set_behaviour("lab-vm-sick-1", sick);
    engine.set_behaviour("lab-vm-gone-1", Behaviour::default().exits(7).prints("bad flag"));
    engine.set_behaviour("lab-vm-never-1", Behaviour::default().cannot_start("exec: \"nope\": not found"));
    let lab = lab(vec![node("vm", "dind", vec![checked("sick"), service("gone"), service("never")])]);
    let ran = go(&engine, &up_goal(&lab)).await;
    let mut told: Vec<String> = ran
        .report
        .failures
        .iter()
        .map(|f| {
            let logs = f.failure.logs.as_ref().map(|logs| logs.lines.join("|")).unwrap_or_default();
            format!("{}: {} [{logs}]", f.failure.summary, f.failure.causes[0])
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "failed to start container `vm/never`: exec: \"nope\": not found []",
            "failed to wait for `vm/gone`: it exited with code 7 [bad flag]",
            "failed to wait for `vm/sick`: its health check fails [no db]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_health_check_that_turns_good_late_holds_its_dependents_until_then() {
    let engine = engine();
    engine.set_behaviour(
        "lab-db-1",
        Behaviour::default().health(HealthScript::AfterInspects(4, Health::Healthy)),
    );
    let lab = lab(vec![checked("db"), needing(service("web"), &[("db", Condition::Healthy)])]);
    up(&engine, &lab).await;
    let order: Vec<_> = engine
        .happenings()
        .into_iter()
        .filter(|h| h.object == "container" && (h.action == "start" || h.action == "health_status: healthy"))
        .map(|h| format!("{} {}", h.name, h.action))
        .collect();
    assert_eq!(order, ["lab-db-1 start", "lab-db-1 health_status: healthy", "lab-web-1 start"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_the_event_and_not_at_the_next_look() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().health(HealthScript::ByHand));
    let lab = lab(vec![checked("db")]);
    let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
        until(|| engine.container("lab-db-1").is_some_and(|c| c.health.is_some())).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        engine.set_health("lab-db-1", Health::Healthy);
    });
    ran.assert_good();
    assert!(ran.report.summary.took < Duration::from_millis(600), "{:?}", ran.report.summary.took);
}

#[tokio::test(start_paused = true)]
async fn waits_end_also_when_the_engine_tells_no_events() {
    let engine = engine();
    engine.script(When::op("follow events"), u32::MAX, Fault::Fail(FailureKind::Engine, "no".to_owned()));
    engine.set_behaviour("lab-db-1", Behaviour::default().health(HealthScript::ByHand));
    let lab = lab(vec![checked("db")]);
    let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
        until(|| engine.container("lab-db-1").is_some_and(|c| c.health.is_some())).await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        engine.set_health("lab-db-1", Health::Healthy);
    });
    ran.assert_good();
}

#[tokio::test(start_paused = true)]
async fn one_stream_of_events_serves_all_waits_of_an_engine() {
    let engine = engine();
    let lab = lab((0..6).map(|n| checked(&format!("s{n}"))).collect());
    engine.set_behaviour(
        "busybox",
        Behaviour::default().health(HealthScript::AfterInspects(3, Health::Healthy)),
    );
    up(&engine, &lab).await;
    let streams = engine.calls().into_iter().filter(|call| call.op.contains("events")).count();
    assert_eq!(streams, 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ends_badly_after_all_steps_is_a_problem_of_the_run() {
    let engine = engine();
    let lab = lab(vec![service("web"), checked("slow")]);
    engine.set_behaviour("lab-slow-1", Behaviour::default().health(HealthScript::ByHand));
    let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
        until(|| engine.container("lab-slow-1").is_some_and(|c| c.health.is_some())).await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        engine.print("lab-web-1", "out of cheese");
        engine.end("lab-web-1", 9);
        engine.set_health("lab-slow-1", Health::Healthy);
    });
    assert_eq!((ran.report.summary.failed, ran.report.summary.problems), (0, 1));
    let failure = ran.failure();
    assert_eq!(failure.summary, "`web` did not stay up");
    assert_eq!(failure.causes, ["it exited with code 9"]);
    assert_eq!(failure.logs.as_ref().map(|logs| &logs.lines[..]), Some(&["out of cheese".to_owned()][..]));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_ends_before_it_has_settled_is_no_success() {
    let engine = engine().with_image("busybox");
    let goal = up_goal(&lab(vec![service("a")]));
    let surveyed = surveyed(&engine).await;
    let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let ending = engine.clone();
    let ended = async move {
        // It has been looked at once; the moment in which it must keep running has begun.
        while !ending.calls().iter().any(|call| call.op == "inspect container") {
            tokio::task::yield_now().await;
        }
        ending.end("lab-a-1", 3);
    };
    let options = run_options("up");
    let (ran, ()) = tokio::join!(go_on(&goal, surveyed, first, &options, watch::channel(None).1), ended);
    assert!(ran.failure().causes[0].contains("exited with code 3"), "{:?}", ran.report.failures);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_its_limit_and_says_how_far_it_came() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().health(HealthScript::ByHand).prints("recovering"));
    let lab = lab(vec![checked("db")]);
    let Goal::Up(goal) = up_goal(&lab) else { unreachable!("it is an `up`") };
    let limit = Duration::from_secs(30);
    let ran = go(&engine, &Goal::Up(Up { wait: Wait::Ready(Some(limit)), ..goal })).await;
    let failure = ran.failure();
    assert_eq!((failure.kind, ran.report.summary.took), (FailureKind::Timeout, limit));
    assert_eq!(failure.causes[0], "it is not healthy after 30s: running, starting");
    assert_eq!(failure.logs.as_ref().map(|logs| &logs.lines[..]), Some(&["recovering".to_owned()][..]));
}
