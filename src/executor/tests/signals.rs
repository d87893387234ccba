use std::time::Duration;

use tokio::sync::watch;

use super::lab::{checked, down_goal, engine, go, go_until, lab, needing, node, service, up, up_goal};
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fault::When;
use crate::event::event::CancelLevel;
use crate::model::observed::ContainerState;
use crate::model::service::Condition;

#[tokio::test(start_paused = true)]
async fn the_first_signal_ends_waits_at_once_and_lets_short_calls_finish() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().health(HealthScript::ByHand));
    engine.set_behaviour("lab-vm-1", Behaviour::default().boots(Boot::Hangs));
    let gate = engine.hold(When::on("create container", "lab-held-1"));
    let lab = lab(vec![
        checked("db"),
        node("vm", "dind", vec![service("web")]),
        service("held"),
        needing(service("last"), &[("db", Condition::Healthy)]),
    ]);
    let (cancel, cancelled) = watch::channel(None);
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go_until(&engine, &goal, cancelled), async {
        gate.reached(1).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.send_replace(Some(CancelLevel::Drain));
        tokio::time::sleep(Duration::from_secs(1)).await;
        gate.open();
    });
    assert!(ran.report.summary.interrupted);
    assert!(ran.report.summary.took < Duration::from_secs(10), "{:?}", ran.report.summary.took);
    let ends = ran.ends();
    for end in ["wait db: cancelled", "enter vm: cancelled", "create held: done", "start held: cancelled"] {
        assert!(ends.contains(&end.to_owned()), "{end}: {ends:#?}");
    }
    assert_eq!(engine.container("lab-held-1").map(|c| c.state), Some(ContainerState::Created));
    assert_eq!(ran.report.failures, []);
    engine.set_behaviour("lab-db-1", Behaviour::default());
    engine.set_behaviour("lab-vm-1", Behaviour::default());
    engine.set_health("lab-db-1", crate::model::observed::Health::Healthy);
    engine.heal();
    up(&engine, &lab).await;
    go(&engine, &down_goal()).await.assert_good();
    assert!(engine.observed().containers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_second_signal_drops_what_hangs() {
    let engine = engine();
    let gate = engine.hold(When::on("create container", "lab-held-1"));
    let lab = lab(vec![service("held")]);
    let (cancel, cancelled) = watch::channel(None);
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go_until(&engine, &goal, cancelled), async {
        gate.reached(1).await;
        cancel.send_replace(Some(CancelLevel::Drain));
        tokio::time::sleep(Duration::from_secs(60)).await;
        cancel.send_replace(Some(CancelLevel::Abort));
    });
    assert!(ran.report.summary.interrupted);
    assert!(ran.ends().contains(&"create held: cancelled".to_owned()));
    assert!(engine.container("lab-held-1").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_broken_off_before_it_began_does_nothing() {
    let engine = engine();
    let lab = lab(vec![service("web")]);
    let (_cancel, cancelled) = watch::channel(Some(CancelLevel::Drain));
    let ran = go_until(&engine, &up_goal(&lab), cancelled).await;
    assert!(ran.report.summary.interrupted);
    assert!(ran.ends().iter().all(|end| end.ends_with("cancelled")), "{:?}", ran.ends());
    assert!(engine.observed().containers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_is_broken_off_ends_at_once() {
    let engine = engine();
    let gate = engine.hold(When::op("pull image"));
    let lab = lab(vec![service("web")]);
    let (cancel, cancelled) = watch::channel(None);
    let goal = up_goal(&lab);
    let (ran, ()) = tokio::join!(go_until(&engine, &goal, cancelled), async {
        gate.reached(1).await;
        cancel.send_replace(Some(CancelLevel::Drain));
    });
    assert!(ran.ends().contains(&"pull image busybox: cancelled".to_owned()), "{:?}", ran.ends());
}
