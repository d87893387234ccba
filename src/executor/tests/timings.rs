//! Where the time of a run went: the fake's calls take as long as the script says, by a clock that is paused.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::fake::fault::When;
use crate::event::event::EventKind;
use crate::event::timings::{Timings, Work};
use crate::executor::run::RunOptions;
use crate::model::service::Condition;
use crate::plan::step::StepId;

use super::lab::{
    answered, checked, engine, go_on, lab, needing, node, run_options, service, surveyed, up, up_goal,
};

const SECOND: Duration = Duration::from_secs(1);

/// The legs that took time, as `2s create db`.
fn slow_legs(timings: &Timings) -> Vec<String> {
    let legs = timings.path.iter().filter(|leg| leg.took >= SECOND);
    legs.map(|leg| match &leg.what {
        Work::Step { of, verb, .. } => format!("{:?} {verb} {of}", leg.took),
        other => format!("{:?} {other:?}", leg.took),
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn the_critical_path_is_the_chain_that_ended_last_through_every_layer() {
    let engine = engine();
    // What is slow and nobody waits for is on no path.
    engine.slow(When::on("create container", "lab-slow-1"), 3 * SECOND);
    engine.slow(When::on("start container", "lab-vm-1"), SECOND);
    engine.slow(When::on("create container", "lab-vm-db-1"), 4 * SECOND);
    engine.slow(When::on("start container", "lab-vm-web-1"), 2 * SECOND);
    engine.slow(When::on("start container", "lab-client-1"), 5 * SECOND);
    let lab = lab(vec![
        node("vm", "dind", vec![checked("db"), needing(service("web"), &[("db", Condition::Healthy)])]),
        needing(service("client"), &[("vm/web", Condition::Started)]),
        service("slow"),
    ]);
    let ran = up(&engine, &lab).await;
    let timings = &ran.report.timings;
    let expected = ["1s start vm", "4s create vm/db", "2s start vm/web", "5s start client"];
    assert_eq!(slow_legs(timings), expected, "{timings:#?}");
    // Between them are calls that took no time, and the moment in which a container must stay up.
    assert!(timings.critical() >= 12 * SECOND && timings.critical() <= timings.total, "{timings:#?}");
    assert!(timings.total < 13 * SECOND, "{timings:#?}");
    let begins = timings.path.windows(2).all(|pair| pair[0].began + pair[0].took <= pair[1].began);
    assert!(begins, "{timings:#?}");
    let causes: Vec<String> = timings
        .path
        .iter()
        .filter_map(|leg| match &leg.what {
            Work::Step { verb: "create", cause, .. } => Some(cause.to_string()),
            _ => None,
        })
        .collect();
    assert!(causes.iter().all(|cause| cause == "does not exist"), "{causes:?}");
    let inside = timings.layers.iter().find(|share| share.of.to_string() == "vm").expect("it ran steps");
    assert!(inside.busy >= 6 * SECOND && inside.longest == 4 * SECOND, "{inside:?}");
    let starts = timings.actions.iter().find(|share| share.of == "start").expect("containers were started");
    assert_eq!((starts.steps, starts.together), (5, 8 * SECOND), "{starts:?}");
    let told = ran.events.last().map(|event| &event.kind);
    assert!(matches!(told, Some(EventKind::RunFinished { timings: told, .. }) if **told == *timings));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_free_place_is_no_work() {
    let engine = engine();
    engine.slow(When::op("create container"), SECOND);
    let goal = up_goal(&lab(vec![service("a"), service("b"), service("c")]));
    let surveyed = surveyed(&engine).await;
    let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let options = RunOptions { parallel: NonZeroUsize::new(1), ..run_options("up") };
    let ran = go_on(&goal, surveyed, first, &options, watch::channel(None).1).await;
    ran.assert_good();
    let timings = &ran.report.timings;
    let creates = timings.actions.iter().find(|share| share.of == "create").expect("three");
    // One after the other; a network is made in no time.
    assert_eq!((creates.busy, creates.together, creates.longest), (3 * SECOND, 3 * SECOND, SECOND));
    let last = timings.path.iter().find(|leg| leg.took >= 3 * SECOND).expect("the last container");
    assert_eq!(last.queued, 2 * SECOND, "{timings:#?}");
    assert!(timings.critical() < 2 * SECOND && timings.total >= 3 * SECOND, "{timings:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_changes_nothing_has_no_steps_on_its_path() {
    let engine = engine();
    let lab = lab(vec![service("a")]);
    up(&engine, &lab).await;
    let timings = up(&engine, &lab).await.report.timings;
    assert!(timings.path.iter().all(|leg| !matches!(leg.what, Work::Step { .. })), "{timings:#?}");
    assert_eq!((timings.layers.len(), timings.actions.len()), (0, 0), "{timings:#?}");
}
