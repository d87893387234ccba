use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::watch;

use super::lab::{
    answered, checked, down_goal, engine, go, go_on, go_until, lab, needing, node, project, run_options,
    service, surveyed, until, up, up_goal,
};
use crate::engine::engine::{Change, Create};
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::{CancelLevel, EventKind};
use crate::executor::run::RunOptions;
use crate::model::container::RestartPolicy;
use crate::model::failure::FailureKind;
use crate::model::files::{Existing, PutFile};
use crate::model::observed::{ContainerState, Health};
use crate::model::service::{Condition, Service};
use crate::plan::goal::{Down, Goal, Up, Wait};
use crate::plan::step::StepId;

#[tokio::test(start_paused = true)]
async fn a_lab_of_three_levels_comes_up_stays_as_it_is_and_goes() {
    let engine = engine();
    let empty = engine.snapshot();
    let innermost = node("c", "dind", vec![checked("leaf")]);
    let lab = lab(vec![
        node("a", "dind", vec![node("b", "dind", vec![innermost])]),
        node("vm", "dind", vec![checked("db"), needing(service("web"), &[("db", Condition::Healthy)])]),
        needing(service("client"), &[("vm/web", Condition::Started)]),
    ]);
    let first = up(&engine, &lab).await;
    let rows: Vec<String> = first.report.services.iter().map(|row| row.addr.to_string()).collect();
    assert_eq!(rows, ["a", "a/b", "a/b/c", "a/b/c/leaf", "client", "vm", "vm/db", "vm/web"]);
    assert!(first.report.services.iter().all(|row| row.state == ContainerState::Running));
    let before = engine.snapshot();
    engine.forget_calls();
    let second = up(&engine, &lab).await;
    assert_eq!(second.report.summary.changed, 0, "{:#?}", second.ends());
    assert_eq!(engine.snapshot(), before);
    // The survey and nothing else: facts and a look at the root, an answer and a look at each of four nodes.
    assert_eq!(engine.n_calls(), 2 + 4 * 2, "{:#?}", engine.calls());
    let down = go(&engine, &down_goal()).await;
    down.assert_good();
    let images = |snapshot: &str| -> Vec<String> {
        snapshot.lines().filter(|line| !line.contains(" image ")).map(str::to_owned).collect()
    };
    assert_eq!(images(&engine.snapshot()), images(&empty));
}

#[tokio::test(start_paused = true)]
async fn a_step_across_layers_starts_as_soon_as_what_it_needs_runs() {
    let engine = engine();
    engine.set_behaviour("lab-vm-late-1", Behaviour::default().health(HealthScript::ByHand));
    let lab = lab(vec![
        node("vm", "dind", vec![service("early"), needing(checked("late"), &[("/x", Condition::Started)])]),
        needing(service("x"), &[("vm/early", Condition::Started)]),
    ]);
    let (run, ()) = tokio::join!(go_up(&engine, &lab), async {
        let late = engine.node("lab-vm-1");
        until(|| {
            engine.container("lab-vm-1").is_some()
                && late.container("lab-vm-late-1").is_some_and(|c| c.health.is_some())
        })
        .await;
        assert_eq!(engine.container("lab-x-1").map(|c| c.state), Some(ContainerState::Running));
        late.set_health("lab-vm-late-1", Health::Healthy);
    });
    run.assert_good();
}

async fn go_up(
    engine: &crate::engine::fake::fake_engine::FakeEngine,
    lab: &std::sync::Arc<crate::plan::goal::Lab>,
) -> super::lab::Ran {
    go(engine, &up_goal(lab)).await
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_come_up_fails_once_and_the_rest_goes_on() {
    let engine = engine();
    let never = Behaviour::default().boots(Boot::Never).prints("no space left on device");
    engine.set_behaviour("lab-a-b-1", never);
    let lab = lab(vec![
        node("a", "dind", vec![node("b", "dind", vec![checked("leaf")]), service("side")]),
        node(
            "vm",
            "dind",
            vec![service("web"), needing(service("late"), &[("/a/b/leaf", Condition::Healthy)])],
        ),
        needing(service("client"), &[("vm/web", Condition::Started)]),
    ]);
    let ran = go(&engine, &up_goal(&lab)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.summary, "failed to enter `a/b`");
    assert_eq!(failure.causes[1..], ["the daemon in lab-a-b-1 does not run"]);
    let logs = failure.logs.as_ref().expect("its log matters");
    assert_eq!((logs.of.as_str(), &logs.lines[..]), ("a/b", &["no space left on device".to_owned()][..]));
    assert_eq!(ran.skipped(), ["vm/late", "a", "vm"]);
    assert_eq!((ran.report.summary.failed, ran.report.summary.problems), (1, 0));
    let inside = |node: &str, name: &str| engine.node(node).container(name).map(|c| c.state);
    assert_eq!(inside("lab-a-1", "lab-a-side-1"), Some(ContainerState::Running));
    assert_eq!(inside("lab-vm-1", "lab-vm-late-1"), Some(ContainerState::Created));
    assert_eq!(engine.container("lab-client-1").map(|c| c.state), Some(ContainerState::Running));
    engine.set_behaviour("lab-a-b-1", Behaviour::default());
    up(&engine, &lab).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_while_it_boots_is_told_at_once() {
    for (kind, boot) in [("dind", Boot::Hangs), ("systemd", Boot::AtOnce)] {
        let engine = engine();
        engine.set_behaviour("lab-vm-1", Behaviour::default().boots(boot).prints("kernel panic"));
        let lab = lab(vec![node("vm", kind, vec![service("web")])]);
        let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
            until(|| engine.container("lab-vm-1").is_some_and(|c| c.state == ContainerState::Running)).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            engine.end("lab-vm-1", 3);
        });
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureKind::Unhealthy);
        assert_eq!(failure.causes[0], "the node does not run: it exited with code 3");
        assert_eq!(failure.logs.as_ref().map(|logs| &logs.lines[..]), Some(&["kernel panic".to_owned()][..]));
        assert!(ran.report.summary.took < Duration::from_secs(5), "{:?}", ran.report.summary.took);
        assert_eq!(ran.skipped(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn no_exec_reaches_a_booting_node_before_its_console_line() {
    let engine = engine();
    engine.set_behaviour("lab-vm-1", Behaviour::default().prints("Reached target Basic System."));
    let lab = lab(vec![node("vm", "systemd", vec![service("web")])]);
    let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
        until(|| engine.container("lab-vm-1").is_some_and(|c| c.state == ContainerState::Running)).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        let inner: Vec<_> = engine.calls().into_iter().filter(|call| call.engine != "/").collect();
        assert_eq!(inner, []);
        engine.print("lab-vm-1", "[  OK  ] Reached target \u{1b}[1mMulti-User System\u{1b}[0m.");
    });
    ran.assert_good();
}

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
async fn one_missing_image_is_one_failure_that_names_all_who_want_it() {
    let engine = engine();
    let mut services: Vec<_> = ["x", "y"].map(service).into();
    for service in &mut services {
        service.spec.image = "nowhere/none".to_owned();
    }
    let lab = lab(vec![services.remove(0), node("vm", "dind", vec![services.remove(0)]), service("ok")]);
    let ran = go(&engine, &up_goal(&lab)).await;
    assert_eq!(ran.failure().summary, "failed to pull image `nowhere/none`");
    let mut skipped = ran.skipped();
    skipped.sort();
    assert_eq!(skipped, ["image nowhere/none in vm", "vm", "vm/y", "x"]);
    assert_eq!(engine.container("lab-ok-1").map(|c| c.state), Some(ContainerState::Running));
}

#[tokio::test(start_paused = true)]
async fn an_image_is_pulled_once_and_copied_down_and_its_label_holds_the_sources_id() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![service("web"), node("in", "dind", vec![service("leaf")])])]);
    let ran = up(&engine, &lab).await;
    let pulls = engine.calls().into_iter().filter(|call| call.op == "pull image" && call.target == "busybox");
    assert_eq!(pulls.map(|call| call.engine).collect::<Vec<_>>(), ["/"]);
    let source =
        engine.observed().images.into_iter().find(|image| image.tags.iter().any(|t| t.contains("busybox")));
    let web = engine.node("lab-vm-1").container("lab-vm-web-1").expect("it is there");
    let origin = source.map(|image| format!("/={}", image.id));
    assert_eq!(web.labels.get(crate::model::label::IMAGE), origin.as_ref());
    assert!(ran.events.iter().any(|event| matches!(event.kind, EventKind::StepProgress { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_layer_on_the_parents_engine_is_entered_through_it() {
    let engine = engine().with_path("/var/run/docker.sock");
    let lab = lab(vec![node("s", "socket", vec![service("x"), node("vm", "dind", vec![service("y")])])]);
    let ran = up(&engine, &lab).await;
    let homes: Vec<String> =
        ran.report.services.iter().map(|row| format!("{} on {}", row.addr, row.engine)).collect();
    assert_eq!(homes, ["s on /", "s/vm on /", "s/vm/y on s/vm", "s/x on /"]);
    let again = up(&engine, &lab).await;
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
    go(&engine, &down_goal()).await.assert_good();
    assert!(engine.observed().containers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_under_way_on_an_engine_than_its_permits() {
    for (parallel, most) in [(None, 16), (NonZeroUsize::new(3), 3)] {
        let engine = engine().with_image("busybox");
        engine.shuffle(7);
        let lab = lab((0..20).map(|n| service(&format!("s{n}"))).collect());
        // Waits look at their containers without a permit; so nothing is waited for here.
        let Goal::Up(goal) = up_goal(&lab) else { unreachable!("it is an `up`") };
        let goal = Goal::Up(Up { wait: Wait::Started, ..goal });
        let surveyed = surveyed(&engine).await;
        let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
        let options = RunOptions { parallel, ..run_options("up") };
        let (_cancel, cancelled) = watch::channel(None);
        go_on(&goal, surveyed, first, &options, cancelled).await.assert_good();
        assert_eq!(engine.most_at_once("/"), most);
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_costs_the_engine_no_more_calls_than_it_must() {
    for parallel in [NonZeroUsize::new(1), None] {
        let engine = engine().with_image("busybox");
        engine.shuffle(7);
        let goal = up_goal(&lab(["a", "b", "c"].map(service).to_vec()));
        let surveyed = surveyed(&engine).await;
        let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
        let options = RunOptions { parallel, ..run_options("up") };
        engine.forget_calls();
        go_on(&goal, surveyed, first, &options, watch::channel(None).1).await.assert_good();
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        engine.calls().iter().for_each(|call| *count.entry(call.op).or_default() += 1);
        let expected = [
            ("create container", 3),
            ("create network", 1),
            ("follow events", 1),
            // One look at each after its start; that it keeps running is told by the events, and by the last look.
            ("inspect container", 3),
            // Once for all that have it, also where they begin at once.
            ("inspect image", 1),
            ("observe", 1),
            ("start container", 3),
        ];
        assert_eq!(count, BTreeMap::from(expected), "{parallel:?} at once");
    }
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
async fn a_node_without_a_client_fails_at_once() {
    let engine = engine();
    let why = "no client for /var/run/docker.sock in this image: install the package docker-cli (or socat)";
    engine.script(When::op("ping"), u32::MAX, Fault::Fail(FailureKind::Unreachable, why.to_owned()));
    let lab = lab(vec![node("vm", "dind", vec![service("web")])]);
    let ran = go(&engine, &up_goal(&lab)).await;
    assert_eq!(ran.failure().causes.last().map(String::as_str), Some(why));
    assert!(ran.report.summary.took < Duration::from_secs(1), "{:?}", ran.report.summary.took);
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

/// A service whose secret goes into a volume that is filled before: its root is read-only.
fn with_secret(name: &str) -> Service {
    let mut service = service(name);
    service.spec.read_only = true;
    service.files = vec![PutFile {
        path: "/run/secrets/key".to_owned(),
        mode: 0o444,
        uid: 0,
        gid: 0,
        content: b"42".as_slice().into(),
        existing: Existing::Replace,
    }];
    service
}

#[tokio::test(start_paused = true)]
async fn a_volume_is_filled_through_a_helper_that_never_stays() {
    let engine = engine();
    let lab = lab(vec![with_secret("web")]);
    let helpers = |engine: &FakeEngine| -> Vec<String> {
        let all = engine.observed().containers.into_iter().map(|container| container.name);
        all.filter(|name| name == "lab-web-1.files").collect()
    };
    let full = Fault::Fail(FailureKind::Engine, "disk full".to_owned());
    engine.script(When::on("put files", "lab-web-1.files"), 1, full);
    let failed = go(&engine, &up_goal(&lab)).await;
    assert_eq!(failed.failure().causes.last().map(String::as_str), Some("disk full"));
    assert_eq!(helpers(&engine), Vec::<String>::new());
    engine.script(When::on("create container", "lab-web-1.files"), 1, Fault::LoseAnswer);
    up(&engine, &lab).await;
    assert_eq!(helpers(&engine), Vec::<String>::new());
    go(&engine, &down_goal()).await.assert_good();
    // A run that is killed after the helper was made leaves it; the next one needs its name.
    let gate = engine.hold(When::on("put files", "lab-web-1.files"));
    let (cancel, cancelled) = watch::channel(None);
    let goal = up_goal(&lab);
    tokio::join!(go_until(&engine, &goal, cancelled), async {
        gate.reached(1).await;
        cancel.send_replace(Some(CancelLevel::Abort));
    });
    assert_eq!(helpers(&engine), ["lab-web-1.files"]);
    engine.heal();
    up(&engine, &lab).await;
    assert_eq!(helpers(&engine), Vec::<String>::new());
    assert_eq!(engine.file("lab-web-1", "/run/secrets/key").map(|file| file.content), Some(b"42".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_container_of_the_helpers_name_that_is_somebody_elses_stays() {
    let engine = engine().with_image("busybox");
    let foreign = Create::Container {
        name: "lab-web-1.files".to_owned(),
        spec: Box::default(),
        image: "busybox".to_owned(),
        labels: BTreeMap::new(),
    };
    engine.shared().create(&foreign).await.expect("nothing is in its way");
    let lab = lab(vec![with_secret("web")]);
    let ran = go(&engine, &up_goal(&lab)).await;
    assert_eq!(ran.failure().kind, FailureKind::Conflict);
    assert!(engine.container("lab-web-1.files").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_may_fail_is_told_and_does_not_count() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![service("web")])]);
    up(&engine, &lab).await;
    engine.by_hand("lab-vm-1", &Change::Stop(None));
    engine.set_behaviour("lab-vm-1", Behaviour::default().boots(Boot::Never));
    let down =
        Goal::Down(Down { project: project(), volumes: false, grace: None, patience: None, rmi: None });
    let ran = go(&engine, &down).await;
    assert!(ran.ends().contains(&"enter vm: failed".to_owned()), "{:?}", ran.ends());
    ran.assert_good();
    assert_eq!(ran.report.failures, []);
    assert!(engine.container("lab-vm-1").is_none());
}

/// The same lab, in which the node `outer` gets another environment.
fn edited(mut services: Vec<Service>) -> Vec<Service> {
    services[0].spec.environment.insert("EDITED".to_owned(), Some("1".to_owned()));
    services
}

#[tokio::test(start_paused = true)]
async fn a_recreated_nodes_layers_are_entered_anew_with_the_containers_that_they_had() {
    let engine = engine();
    let services = || {
        let mut inner = node("in", "dind", vec![service("x")]);
        // It is up again before nestctl looks.
        inner.spec.restart = RestartPolicy::Always;
        vec![node("outer", "dind", vec![inner])]
    };
    up(&engine, &lab(services())).await;
    let ids = |engine: &FakeEngine| {
        let outer = engine.container("lab-outer-1").expect("it is there").id;
        let inner = engine.node("lab-outer-1").container("lab-outer-in-1").expect("it is there").id;
        let leaf = engine.node("lab-outer-1").node("lab-outer-in-1").container("lab-outer-in-x-1");
        (outer, inner, leaf.map(|leaf| (leaf.id, leaf.state)))
    };
    let before = ids(&engine);
    up(&engine, &lab(edited(services()))).await;
    let after = ids(&engine);
    assert_ne!(before.0, after.0);
    assert_eq!((before.1, before.2), (after.1, after.2));
}

#[tokio::test(start_paused = true)]
async fn what_runs_on_the_parents_engine_outlives_its_recreated_node_and_is_planned_again() {
    let engine = engine().with_path("/var/run/docker.sock");
    let services = |inside| vec![node("outer", "socket", vec![node("in", "dind", inside)])];
    up(&engine, &lab(services(vec![service("x")]))).await;
    let more = edited(services(vec![service("x"), service("y")]));
    up(&engine, &lab(more)).await;
    let leaf = engine.node("lab-outer-in-1").container("lab-outer-in-y-1");
    assert_eq!(leaf.map(|leaf| leaf.state), Some(ContainerState::Running));
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_runs_last_calls_made_after_the_survey_is_taken_over() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![with_secret("web")]), service("client")]);
    let goal = up_goal(&lab);
    let before = surveyed(&engine).await;
    let first = goal.plan(&before.known, &answered(&before), StepId(0));
    up(&engine, &lab).await;
    let whole = engine.snapshot();
    let (_cancel, cancelled) = watch::channel(None);
    let ran = go_on(&goal, before, first, &run_options("up"), cancelled).await;
    ran.assert_good();
    assert_eq!(engine.snapshot(), whole);
}

#[tokio::test(start_paused = true)]
async fn a_container_whose_name_is_taken_before_it_is_seen_is_waited_for_and_not_for_ever() {
    let engine = engine();
    let lab = lab(vec![service("web")]);
    let taken = || Fault::Fail(FailureKind::Conflict, "the name is in use".to_owned());
    engine.script(When::on("create container", "lab-web-1"), 2, taken());
    up(&engine, &lab).await;
    go(&engine, &down_goal()).await.assert_good();
    engine.script(When::on("create container", "lab-web-1"), 1_000, taken());
    let ran = go(&engine, &up_goal(&lab)).await;
    assert_eq!(ran.failure().causes, ["the name is in use"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_under_its_layers_steps_is_one_failure() {
    let engine = engine();
    let inside =
        vec![checked("slow"), service("job"), needing(service("after"), &[("job", Condition::Completed)])];
    engine.set_behaviour("lab-vm-slow-1", Behaviour::default().health(HealthScript::ByHand));
    let lab =
        lab(vec![node("vm", "dind", inside), needing(service("x"), &[("vm/slow", Condition::Healthy)])]);
    let (ran, ()) = tokio::join!(go_up(&engine, &lab), async {
        let runs = |name| {
            engine.node("lab-vm-1").container(name).is_some_and(|c| c.state == ContainerState::Running)
        };
        until(|| engine.container("lab-vm-1").is_some() && runs("lab-vm-slow-1") && runs("lab-vm-job-1"))
            .await;
        engine.by_hand("lab-vm-1", &Change::Kill(None));
    });
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    assert_eq!(failure.causes, ["the node `vm` does not run any more: it exited with code 137"]);
    assert_eq!(ran.report.failures[0].of.to_string(), "vm");
    let mut skipped = ran.skipped();
    skipped.sort();
    assert_eq!(skipped, ["vm/after", "vm/job", "vm/slow", "x"]);
}
