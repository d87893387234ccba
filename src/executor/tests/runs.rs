use std::time::Duration;

use super::lab::{addr, checked, down_goal, engine, go, lab, needing, node, service, up, up_goal};
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::EventKind;
use crate::model::failure::FailureKind;
use crate::model::observed::{ContainerState, Health};
use crate::model::service::Condition;

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
    let changing = ["create", "start", "stop", "remove", "pull", "load"];
    let changed: Vec<_> =
        engine.calls().into_iter().filter(|call| changing.iter().any(|op| call.op.starts_with(op))).collect();
    assert_eq!(changed, []);
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

/// Lets everything else go on until something holds; time is paused, so it passes only when all wait.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never holds");
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
    assert_eq!(web.labels.get(crate::model::label::IMAGE), source.map(|image| image.id).as_ref());
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
    let engine = engine();
    engine.shuffle(7);
    let many = |prefix: &str| (0..20).map(|n| service(&format!("{prefix}{n}"))).collect::<Vec<_>>();
    let mut services = many("s");
    services.push(node("vm", "dind", many("t")));
    let lab = lab(services);
    up(&engine, &lab).await;
    // Waits look at their containers without a permit, so only the calls that change something are counted.
    let most = (engine.most_at_once("/"), engine.most_at_once("/lab-vm-1"));
    assert!(most.0 > 1 && most.1 > 1, "{most:?}");
    assert_eq!(addr("vm").to_string(), "vm");
}
