//! Nodes that boot, do not boot, and end meanwhile.

use std::time::Duration;

use super::lab::{checked, engine, go, go_up, lab, needing, node, service, until, up, up_goal};
use crate::engine::engine::Change;
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fault::{Fault, When};
use crate::model::failure::FailureKind;
use crate::model::observed::ContainerState;
use crate::model::service::Condition;

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
