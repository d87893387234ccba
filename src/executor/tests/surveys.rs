use std::time::Duration;

use super::super::settle::survey_settled;
use super::super::survey::{SurveyOptions, survey};
use super::lab::{engine, lab, node, service, survey_options, surveyed, up};
use crate::engine::engine::Change;
use crate::engine::fake::behaviour::{Behaviour, Boot};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::executor::status::statuses;
use crate::model::failure::FailureKind;
use crate::model::span::{Span, Spanned};
use crate::plan::known::{Known, Layer};

/// Each layer and where its engine is: `a: own`, `b: on /`, `c: silent`.
fn layers(known: &Known) -> Vec<String> {
    let told = known.layers.iter().map(|(path, layer)| match layer {
        Layer::Answered(answered) if answered.home == *path => format!("{path}: own"),
        Layer::Answered(answered) => format!("{path}: on {}", answered.home),
        Layer::Silent(failure) => format!("{path}: silent, {}", failure.causes.join(", ")),
    });
    told.collect()
}

async fn up_two_nodes() -> FakeEngine {
    let engine = engine();
    let lab = lab(vec![
        node("a", "dind", vec![node("in", "dind", vec![service("x")])]),
        node("b", "dind", vec![node("in", "dind", vec![service("y")])]),
    ]);
    up(&engine, &lab).await;
    engine
}

#[tokio::test(start_paused = true)]
async fn every_running_node_is_surveyed_and_stopped_ones_are_absent() {
    let engine = up_two_nodes().await;
    engine.by_hand("lab-b-1", &Change::Stop(None));
    let surveyed = surveyed(&engine).await;
    assert_eq!(layers(&surveyed.known), ["/: own", "a: own", "a/in: own"]);
    let rows = statuses(&surveyed.known, &super::lab::project());
    let rows: Vec<String> = rows.iter().map(|row| format!("{} {}", row.addr, row.state.as_str())).collect();
    assert_eq!(rows, ["a running", "a/in running", "a/in/x running", "b exited"]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_in_time_is_silent_and_the_others_are_not() {
    let engine = up_two_nodes().await;
    engine.set_behaviour("lab-a-1", Behaviour::default().boots(Boot::Hangs));
    let surveyed = surveyed(&engine).await;
    assert_eq!(layers(&surveyed.known), ["/: own", "a: silent, no answer within 3s", "b: own", "b/in: own"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_way_to_the_wanted_addresses_is_surveyed() {
    let engine = up_two_nodes().await;
    let options = SurveyOptions { paths: vec!["a/in/x".parse().expect("valid")], ..survey_options() };
    engine.forget_calls();
    let surveyed = survey(engine.shared(), &options).await.expect("it answers");
    assert_eq!(layers(&surveyed.known), ["/: own", "a: own", "a/in: own"]);
    assert!(engine.calls().iter().all(|call| !call.engine.contains("lab-b")));
}

#[tokio::test(start_paused = true)]
async fn a_survey_makes_one_look_at_each_engine() {
    let engine = up_two_nodes().await;
    engine.forget_calls();
    surveyed(&engine).await;
    let mut calls: Vec<String> =
        engine.calls().into_iter().map(|call| format!("{} {}", call.engine, call.op)).collect();
    calls.retain(|call| !call.starts_with("/ "));
    calls.sort();
    let expected: Vec<String> = ["/lab-a-1", "/lab-a-1/lab-a-in-1", "/lab-b-1", "/lab-b-1/lab-b-in-1"]
        .iter()
        .flat_map(|engine| [format!("{engine} observe"), format!("{engine} ping")])
        .collect();
    assert_eq!(calls, expected);
}

#[tokio::test(start_paused = true)]
async fn an_engine_reached_by_address_that_is_one_of_the_labs_is_shared() {
    let engine = engine();
    let mut far = node("far", "tcp", vec![service("y")]);
    if let Some(def) = &mut far.node {
        def.options.host = Some(Spanned::new("tcp://ci:2375".to_owned(), Span::default()));
    }
    let far = super::lab::needing(far, &[("ci", crate::model::service::Condition::Ready)]);
    engine.set_behaviour("lab-far-1", Behaviour::default().boots(Boot::Elsewhere("lab-ci-1".to_owned())));
    let lab = lab(vec![node("ci", "dind", vec![service("x")]), far]);
    up(&engine, &lab).await;
    let surveyed = surveyed(&engine).await;
    assert_eq!(layers(&surveyed.known), ["/: own", "ci: own", "far: on ci"]);
    let again = up(&engine, &lab).await;
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_left_booting_is_not_dialled_before_its_console_line() {
    let engine = engine();
    let line = "Reached target Multi-User System.";
    engine.set_behaviour("lab-vm-1", Behaviour::default().prints(line));
    let lab = lab(vec![node("vm", "systemd", vec![service("web")])]);
    up(&engine, &lab).await;
    // The line of the first boot is still in the log; it does not count.
    engine.set_behaviour("lab-vm-1", Behaviour::default());
    engine.by_hand("lab-vm-1", &Change::Stop(None));
    engine.by_hand("lab-vm-1", &Change::Start);
    engine.forget_calls();
    assert_eq!(layers(&surveyed(&engine).await.known), ["/: own", "vm: silent, the node is booting"]);
    assert!(engine.calls().iter().all(|call| call.engine == "/"), "{:?}", engine.calls());
    engine.print("lab-vm-1", line);
    assert_eq!(layers(&surveyed(&engine).await.known), ["/: own", "vm: own"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_root_engine_there_is_no_survey() {
    let engine = engine();
    engine.script(
        When::op("read facts"),
        1,
        Fault::Fail(FailureKind::Unreachable, "no such socket".to_owned()),
    );
    let error = survey(engine.shared(), &survey_options()).await.err().expect("it does not answer");
    assert_eq!(error.kind, FailureKind::Unreachable);
    assert_eq!(survey_options().patience, Duration::from_secs(3));
}

/// An engine ends what it was asked for also when who asked has been killed.
#[tokio::test(start_paused = true)]
async fn what_is_under_way_since_a_run_was_killed_is_waited_for() {
    let engine = engine();
    let lab = lab(vec![node("vm1", "dind", vec![service("web")])]);
    let facts = engine.shared().facts().await.expect("the root engine answers");
    let under_way = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        up(&engine, &lab).await
    };
    let (options, project) = (survey_options(), super::lab::project());
    let settled = survey_settled(engine.shared(), facts, &options);
    let (settled, _) = tokio::join!(settled, under_way);
    let known = settled.expect("the root engine answers").known;
    assert_eq!(layers(&known), ["/: own", "vm1: own"]);
    let there: Vec<String> = statuses(&known, &project).into_iter().map(|it| it.addr.to_string()).collect();
    assert_eq!(there, ["vm1", "vm1/web"]);
}
