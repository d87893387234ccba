//! Whole runs: order across layers, images, permits, and the number of calls.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use tokio::sync::watch;

use super::lab::{
    answered, checked, down_goal, engine, go, go_on, go_up, lab, needing, node, project, run_options,
    service, surveyed, until, up, up_goal,
};
use crate::engine::engine::Change;
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::event::event::EventKind;
use crate::executor::run::RunOptions;
use crate::model::observed::{ContainerState, Health};
use crate::model::service::Condition;
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
async fn what_may_fail_is_told_and_does_not_count() {
    let engine = engine();
    let lab = lab(vec![node("vm", "dind", vec![service("web")])]);
    up(&engine, &lab).await;
    engine.by_hand("lab-vm-1", &Change::Stop(None));
    engine.set_behaviour("lab-vm-1", Behaviour::default().boots(Boot::Never));
    let down = Goal::Down(Down {
        project: project(),
        volumes: false,
        grace: None,
        patience: None,
        rmi: None,
        part: None,
    });
    let ran = go(&engine, &down).await;
    assert!(ran.ends().contains(&"enter vm: failed".to_owned()), "{:?}", ran.ends());
    ran.assert_good();
    assert_eq!(ran.report.failures, []);
    assert!(engine.container("lab-vm-1").is_none());
}
