//! `pull`: to the root, and to the inner engines that run; the next `up` needs no registry and copies nothing again.
//! `down --rmi`: away from all of them.

use std::sync::Arc;

use tokio::sync::watch;

use super::lab::{
    Ran, answered, down_goal, engine, go, go_on, inner, lab, node, run_options, service, surveyed, up,
    up_goal,
};
use crate::engine::engine::Change;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::graph::lab_graph::LabGraph;
use crate::model::failure::FailureKind;
use crate::model::key_places::KeyPlaces;
use crate::model::service::{PullPolicy, Service};
use crate::model::span::Span;
use crate::model::topology::{Layer, Topology};
use crate::plan::action::Action;
use crate::plan::goal::{Down, Goal, ImagesOnly, Lab, Pulling, Rmi};
use crate::plan::plan::Plan;
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

/// The lab, with a platform for what names none.
fn on_platform(services: Vec<Service>, platform: &str) -> Arc<Lab> {
    let topology = Topology {
        root: Layer { default_platform: Some(platform.to_owned()), ..inner(services) },
        ..lab(Vec::new()).topology.clone()
    };
    let graph = LabGraph::build(&topology).0;
    Arc::new(Lab { topology, graph })
}

#[tokio::test(start_paused = true)]
async fn the_default_platform_is_pulled_and_created_for_and_makes_nothing_anew() {
    let engine = engine();
    let services = || {
        let mut own = service("own");
        own.spec.image = "machine".to_owned();
        own.spec.platform = Some("linux/s390x".to_owned());
        vec![service("web"), own]
    };
    let arm = on_platform(services(), "linux/arm64");
    let known = surveyed(&engine).await;
    let platforms = |plan: &Plan| -> Vec<String> {
        let found = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Pull { image, platform } => Some((image.clone(), platform.clone())),
            Action::CreateContainer(it) => Some((it.name.clone(), it.spec.platform.clone())),
            _ => None,
        });
        found.map(|(what, platform)| format!("{what} {}", platform.unwrap_or_default())).collect()
    };
    let goal = up_goal(&arm);
    let mut found = platforms(&goal.plan(&known.known, &answered(&known), StepId(0)));
    found.sort();
    let wanted =
        ["busybox linux/arm64", "lab-own-1 linux/s390x", "lab-web-1 linux/arm64", "machine linux/s390x"];
    assert_eq!(found, wanted);
    let pulls = pull_goal(goal, Pulling::default());
    let pulls = pulls.planning().refresh(&known.known, StepId(0)).expect("something is pulled");
    assert_eq!(platforms(&pulls), ["machine linux/s390x", "busybox linux/arm64"]);
    up(&engine, &arm).await;
    let (there, other) = (surveyed(&engine).await, on_platform(services(), "linux/386"));
    let plan = up_goal(&other).plan(&there.known, &answered(&there), StepId(0));
    assert!(plan.is_empty(), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn policies_and_flags_say_what_is_pulled() {
    let engine = engine().with_image("busybox").with_image("machine:1");
    let with = |name: &str, image: &str, policy: Option<PullPolicy>| {
        let mut service = service(name);
        service.spec.image = image.to_owned();
        if let Some(policy) = policy {
            service.pull_policy = policy;
            service.spans = KeyPlaces::new(&[("pull_policy", None, Span::default())]);
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

#[tokio::test(start_paused = true)]
async fn images_go_with_the_lab_on_every_engine_that_they_passed() {
    let engine = engine().with_image("other");
    let lab = lab(vec![node("vm", "dind", vec![service("web")]), service("outer")]);
    up(&engine, &lab).await;
    engine.by_hand("lab-vm-1", &Change::Stop(None));
    let down = |rmi| {
        let Goal::Down(down) = down_goal() else { unreachable!("it is a `down`") };
        Goal::Down(Down { rmi, volumes: false, ..down })
    };
    // Nothing bears the mark of a build.
    go(&engine, &down(Some(Rmi::Local))).await.assert_good();
    let images = |engine: &FakeEngine| -> Vec<String> {
        engine.observed().images.into_iter().flat_map(|image| image.tags).collect()
    };
    assert_eq!(images(&engine).len(), 3);
    up(&engine, &lab).await;
    let ran = go(&engine, &down(Some(Rmi::All))).await;
    ran.assert_good();
    let ends = ran.ends();
    let at = |end: &str| ends.iter().position(|it| it == end).unwrap_or_else(|| panic!("{end}: {ends:#?}"));
    assert!(at("remove vm/web: done") < at("remove image busybox in vm: done"));
    assert!(at("remove image busybox in vm: done") < at("stop vm: done"));
    assert_eq!(images(&engine), ["other:latest"]);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_something_else_uses_stays_and_fails_nothing() {
    let engine = engine();
    let lab = lab(vec![service("a")]);
    up(&engine, &lab).await;
    engine.script(When::op("remove image"), 1, Fault::Fail(FailureKind::Conflict, "in use".to_owned()));
    let Goal::Down(down) = down_goal() else { unreachable!("it is a `down`") };
    let ran = go(&engine, &Goal::Down(Down { rmi: Some(Rmi::All), ..down })).await;
    ran.assert_good();
    assert!(ran.ends().contains(&"remove image busybox: failed".to_owned()), "{:#?}", ran.ends());
}
