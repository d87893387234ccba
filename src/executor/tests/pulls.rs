//! `pull`: to the root, and to the inner engines that run; the next `up` needs no registry and copies nothing again.

use tokio::sync::watch;

use super::lab::{
    Ran, answered, down_goal, engine, go, go_on, lab, node, run_options, service, surveyed, up, up_goal,
};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::model::failure::FailureKind;
use crate::model::service::PullPolicy;
use crate::model::span::Span;
use crate::plan::goal::{Goal, ImagesOnly, Pulling};
use crate::plan::step::StepId;

fn pull_goal(up: Goal, pulling: Pulling) -> Goal {
    let Goal::Up(mut up) = up else { unreachable!("it is an `up`") };
    up.way.images_only = Some(ImagesOnly::Pull(pulling));
    Goal::Up(up)
}

async fn pull(engine: &FakeEngine, goal: &Goal) -> Ran {
    let surveyed = surveyed(engine).await;
    let first = goal.planning().refresh(&surveyed.known, StepId(0));
    let first = first.unwrap_or_else(|| goal.plan(&surveyed.known, &answered(&surveyed), StepId(0)));
    let (_cancel, cancelled) = watch::channel(None);
    go_on(goal, surveyed, first, &run_options("pull"), cancelled).await
}

fn image_calls(engine: &FakeEngine) -> Vec<String> {
    let calls = engine.calls().into_iter();
    let calls = calls.filter(|call| ["pull image", "load image"].contains(&call.op));
    calls.map(|call| format!("{} on {}", call.op, call.engine)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_pulled_is_on_inner_engines_that_run_and_up_copies_nothing_again() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![service("web")]), service("outer")]);
    up(&engine, &lab).await;
    let ids = || {
        let inner = engine.node("lab-vm-1").container("lab-vm-web-1").expect("it is there").id;
        (inner, engine.container("lab-outer-1").expect("it is there").id)
    };
    let before = ids();
    engine.publish("busybox", &[b"busybox", b"newer"]);
    engine.forget_calls();
    let goal = pull_goal(up_goal(&lab), Pulling::default());
    let ran = pull(&engine, &goal).await;
    ran.assert_good();
    assert_eq!(ran.ends()[2..], ["look at root engine: done", "copy image busybox in vm: done"]);
    let pulls = image_calls(&engine).into_iter().filter(|call| call == "pull image on /");
    assert_eq!(pulls.count(), 2, "the node's image is one of them");
    assert_eq!(ids(), before, "containers are left alone");
    engine.forget_calls();
    up(&engine, &lab).await;
    let after = ids();
    assert!(before.0 != after.0 && before.1 != after.1, "the newer image is used");
    assert_eq!(image_calls(&engine), Vec::<String>::new());
    // There is nothing newer: nothing is copied.
    assert_eq!(pull(&engine, &goal).await.ends().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_a_node_that_does_not_run_is_pulled_for_an_up_without_a_registry() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![service("web")])]);
    pull(&engine, &pull_goal(up_goal(&lab), Pulling::default())).await.assert_good();
    engine.script(
        When::op("pull image"),
        99,
        Fault::Fail(FailureKind::Unreachable, "no registry".to_owned()),
    );
    up(&engine, &lab).await;
    go(&engine, &down_goal()).await.assert_good();
}

#[tokio::test(start_paused = true)]
async fn policies_and_flags_say_what_is_pulled() {
    let engine = engine().with_image("busybox").with_image("machine:1");
    let with = |name: &str, image: &str, policy: Option<PullPolicy>| {
        let mut service = service(name);
        service.spec.image = image.to_owned();
        if let Some(policy) = policy {
            service.pull_policy = policy;
            service.spans.insert("pull_policy".to_owned(), Span::default());
        }
        service
    };
    let lab = lab(vec![
        with("never", "a", Some(PullPolicy::Never)),
        with("there", "machine:1", Some(PullPolicy::Missing)),
        with("unsaid", "docker:dind", None),
        // `latest` moves: it is asked for.
        with("latest", "busybox", Some(PullPolicy::Missing)),
        with("gone", "nowhere", None),
    ]);
    let all = up_goal(&lab);
    let ignoring = Pulling { ignore_failures: true, ..Pulling::default() };
    let ran = pull(&engine, &pull_goal(all.clone(), ignoring)).await;
    ran.assert_good();
    let ends = |mut ran: Vec<String>| {
        ran.sort();
        ran
    };
    let wanted = [
        "look at root engine: done",
        "pull image busybox: done",
        "pull image docker:dind: done",
        "pull image nowhere: failed",
    ];
    assert_eq!(ends(ran.ends()), wanted);
    let failing = pull(&engine, &pull_goal(all.clone(), Pulling::default())).await;
    assert!(!failing.report.summary.is_success());
    let Goal::Up(mut one) = all else { unreachable!("it is an `up`") };
    one.targets = vec!["there".parse().expect("valid")];
    one.way.no_deps = true;
    let missing = Pulling { policy: Some(PullPolicy::Missing), ..Pulling::default() };
    assert_eq!(pull(&engine, &pull_goal(Goal::Up(one), missing)).await.ends(), Vec::<String>::new());
}
