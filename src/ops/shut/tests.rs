use crate::engine::engine::Change;
use crate::engine::fake::behaviour::{Behaviour, Boot};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::model::addr::Pattern;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::ops::address::parse_pattern;
use crate::ops::context::Ctx;
use crate::ops::down::{DownOptions, Part, prepare_down};
use crate::ops::error::OpError;
use crate::ops::life::{Life, Verb, Wait, at_rest, prepare_life};
use crate::ops::logs::{LogsOptions, logs};
use crate::ops::plan::Prepared;
use crate::ops::ps::{PsOptions, ps};
use crate::ops::test_lab::{engine, up};

const LAB: &str = "
name: poc
services:
  vm:
    engine: dind
    inner: {services: {w: {image: nginx}}}
";

fn project() -> ProjectName {
    ProjectName::new("poc").expect("valid")
}

/// A lab that is up.
async fn lab_up() -> (FakeEngine, Ctx) {
    let (engine, ctx) = engine();
    assert!(up(&ctx, LAB).await.is_success());
    (engine, ctx)
}

fn inside() -> Pattern {
    parse_pattern("vm/w").expect("an address")
}

async fn life(ctx: &Ctx, verb: Verb) -> Result<Prepared, OpError> {
    let targets = vec![inside()];
    prepare_life(ctx, Life { project: project(), targets, verb, grace: None, wait: Wait::Started }).await
}

async fn down(ctx: &Ctx) -> Result<Prepared, OpError> {
    let part = Part { targets: vec![inside()], dependents: false, one_offs: false, lab: None };
    let options = DownOptions {
        project: project(),
        volumes: false,
        grace: None,
        patience: None,
        rmi: None,
        part: Some(part),
        lab: None,
    };
    prepare_down(ctx, &options).await
}

/// What looking at what is inside comes to.
async fn looks(ctx: &Ctx) -> Vec<Option<OpError>> {
    let patterns = vec![inside()];
    let ps = ps(ctx, &PsOptions { project: project(), patterns: patterns.clone(), one_offs: false }).await;
    let options = LogsOptions {
        project: project(),
        patterns,
        follow: false,
        tail: None,
        since: None,
        until: None,
        locks: None,
    };
    vec![ps.err(), logs(ctx, &options).await.err()]
}

fn verbs() -> Vec<Verb> {
    vec![
        Verb::Restart { no_deps: false },
        Verb::Pause,
        Verb::Unpause,
        Verb::Remove { stop: false, volumes: false },
        Verb::Stop,
        Verb::Kill { signal: None },
    ]
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_a_node_that_has_ended_is_not_dealt_with_in_silence() {
    let (engine, ctx) = lab_up().await;
    engine.end("poc-vm-1", 0);
    for verb in verbs() {
        let prepared = life(&ctx, verb.clone()).await;
        if matches!(verb, Verb::Stop | Verb::Kill { .. }) {
            let told = at_rest(&prepared.expect("it does not run"));
            let told: Vec<_> = told.iter().map(|it| (it.target.to_string(), it.node.to_string())).collect();
            assert_eq!(told, [("vm/w".to_owned(), "vm".to_owned())], "{verb:?}");
            continue;
        }
        let error = prepared.err().unwrap_or_else(|| panic!("{verb:?} is not done"));
        let text = error.to_string();
        assert_eq!(text, "container of `vm` is exited, so `vm/w` inside it cannot be seen", "{verb:?}");
    }
    for error in looks(&ctx).await {
        assert!(matches!(&error, Some(OpError::NotRunning { .. })), "{error:?}");
    }
    assert!(life(&ctx, Verb::Start).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_a_paused_node_may_go_on_and_so_nothing_counts_as_done() {
    let (engine, ctx) = lab_up().await;
    engine.by_hand("poc-vm-1", &Change::Pause);
    for verb in verbs() {
        let error = life(&ctx, verb.clone()).await.err();
        let is_told = matches!(&error, Some(OpError::NotRunning { state: ContainerState::Paused, .. }));
        assert!(is_told, "{verb:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_behind_an_engine_that_hangs_is_neither_dealt_with_nor_missing() {
    let (engine, ctx) = lab_up().await;
    engine.set_behaviour("docker:dind", Behaviour::default().boots(Boot::Hangs));
    let is_told =
        |error: &Option<OpError>| matches!(error, Some(OpError::LayerSilent { layer, .. }) if layer == "vm");
    for verb in verbs() {
        let error = life(&ctx, verb.clone()).await.err();
        assert!(is_told(&error), "{verb:?}: {error:?}");
    }
    for error in looks(&ctx).await.into_iter().chain([down(&ctx).await.err()]) {
        assert!(is_told(&error), "{error:?}");
    }
}
