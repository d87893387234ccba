//! What is there of another run, of somebody else, and of a node that was recreated.

use tokio::sync::watch;

use super::lab::{
    answered, down_goal, engine, go, go_on, go_until, lab, node, run_options, service, surveyed, up, up_goal,
};
use crate::engine::engine::Create;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::CancelLevel;
use crate::model::container::RestartPolicy;
use crate::model::failure::FailureKind;
use crate::model::files::{Existing, PutFile};
use crate::model::label::Labels;
use crate::model::observed::ContainerState;
use crate::model::service::Service;
use crate::plan::step::StepId;

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
        labels: Labels::new(),
    };
    engine.shared().create(&foreign).await.expect("nothing is in its way");
    let lab = lab(vec![with_secret("web")]);
    let ran = go(&engine, &up_goal(&lab)).await;
    assert_eq!(ran.failure().kind, FailureKind::Conflict);
    assert!(engine.container("lab-web-1.files").is_some());
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
