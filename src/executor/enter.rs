//! Entering a layer: the node's boot line, its engine's answer, one observation.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::event::event::WaitReason;
use crate::model::addr::LayerPath;
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observed::{ContainerDetail, Observed};
use crate::plan::action::Enter;
use crate::plan::known::Answered;

use super::boot::{Boot, boot};
use super::failure;
use super::log_tail::log_tail;
use super::step_context::{Broken, Entered, StepContext};
use super::survey::lacking;
use super::verdict;
use super::wait::Watch;

/// First and longest time between two dials. A dial that fails costs an exec in the node.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Waits until the engine inside the node answers, and looks at it.
pub(super) async fn enter(context: &StepContext, enter: &Enter) -> Result<Entered, Broken> {
    let mut last_error = None;
    let result = tokio::time::timeout(enter.timeout, attempt(context, enter, &mut last_error)).await;
    match result {
        Ok(Ok(entered)) => Ok(entered),
        Ok(Err(Refused::Engine(error))) => {
            Err(with_logs(context, enter, failure::of_step(&context.step, &error)).await)
        }
        Ok(Err(Refused::Died(detail))) => {
            // That nothing was to be dialled in a node that ends says nothing; its log does.
            let causes = vec![format!("the node does not run: {}", verdict::exit(&detail))];
            let failure = failure::of_step_because(&context.step, FailureKind::Unhealthy, causes);
            Err(with_logs(context, enter, failure).await)
        }
        Err(_elapsed) => {
            let mut causes = vec![format!("the engine does not answer after {:?}", enter.timeout)];
            causes.extend(last_error.iter().flat_map(told));
            let failure = failure::of_step_because(&context.step, FailureKind::Timeout, causes);
            Err(with_logs(context, enter, failure).await)
        }
    }
}

/// Why a node is not entered.
enum Refused {
    /// A call failed in a way that waiting does not cure.
    Engine(EngineError),
    /// The node does not run.
    Died(Box<ContainerDetail>),
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

async fn attempt(
    context: &StepContext,
    enter: &Enter,
    last_error: &mut Option<EngineError>,
) -> Result<Entered, Refused> {
    let node = context.engine().inspect(&enter.container).await?;
    if let Some(words) = enter.boot.as_deref().filter(|words| !words.is_empty()) {
        context.waits_for(WaitReason::Boot);
        match boot(context.engine(), &node.id, words, enter.timeout).await? {
            Boot::Seen => {}
            Boot::Died(detail) => return Err(Refused::Died(detail)),
        }
    }
    match &enter.dial {
        Dial::Parent { .. } => through_the_parent(context, enter, &node).await,
        dial @ Dial::Exec { .. } => {
            context.waits_for(WaitReason::Engine);
            // By ID: the handle stays good when the container is renamed.
            let engine = context.link.engine.clone().inside(&node.id, dial);
            // In one order, so that a run on the fake engine is the same each time.
            tokio::select! {
                biased;
                () = answers(&*engine, last_error) => {}
                ended = ended(context, &node) => return Err(ended),
            }
            if let Some(error) = last_error.take_if(|error| is_hopeless(error)) {
                return Err(Refused::Engine(error));
            }
            look(context, enter, dial, engine).await
        }
    }
}

/// Returns when the engine answers, or can never answer: then `last_error` says why.
async fn answers(engine: &dyn Engine, last_error: &mut Option<EngineError>) {
    let (mut pause, longest) = BACKOFF;
    loop {
        match engine.ping().await {
            Ok(()) => {
                *last_error = None;
                return;
            }
            Err(error) => {
                let hopeless = is_hopeless(&error);
                *last_error = Some(error);
                if hopeless {
                    return;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Whether an engine that is dialled so will never answer: the node's image has no such program.
fn is_hopeless(error: &EngineError) -> bool {
    error.kind == FailureKind::Unauthorized
        || error.to_failure().causes.iter().any(|cause| {
            // The runtime has found no shell, or the dial script (`kind`) no client.
            cause.contains("executable file not found") || cause.contains("no client for")
        })
}

/// Returns when the node does not run any more.
async fn ended(context: &StepContext, node: &ContainerDetail) -> Refused {
    match Watch::new(&context.link, &node.id).ended().await {
        Ok(detail) => Refused::Died(Box::new(detail)),
        Err(error) => Refused::Engine(error),
    }
}

/// A layer whose containers are on the parent's engine. That the node has the socket was asked for when it was
/// made: the bind must exist. Its image need not have a client that could be asked through it.
async fn through_the_parent(
    context: &StepContext,
    enter: &Enter,
    node: &ContainerDetail,
) -> Result<Entered, Refused> {
    if !verdict::is_alive(node) {
        return Err(Refused::Died(Box::new(node.clone())));
    }
    let shared = context.engine().observe().await?;
    let lacking = lacking(context.engine(), &enter.paths).await;
    Ok(sharing(enter.layer.clone(), context.home.clone(), shared, lacking))
}

fn sharing(layer: LayerPath, home: LayerPath, shared: Observed, lacking: BTreeSet<String>) -> Entered {
    let answered = Answered { home, seen: Observed::default(), facts: None };
    Entered { layer, answered, engine: None, shared: Some(shared), lacking }
}

/// Looks at an engine that answers.
async fn look(
    context: &StepContext,
    enter: &Enter,
    dial: &Dial,
    engine: Arc<dyn Engine>,
) -> Result<Entered, Refused> {
    let facts = engine.facts().await?;
    let seen = engine.observe().await?;
    let lacking = lacking(&*engine, &enter.paths).await;
    if let Some(home) = same_engine(dial, &facts, &context.known_engines) {
        return Ok(sharing(enter.layer.clone(), home, seen, lacking));
    }
    let answered = Answered { home: enter.layer.clone(), seen, facts: Some(facts) };
    Ok(Entered { layer: enter.layer.clone(), answered, engine: Some(engine), shared: None, lacking })
}

/// Looks once more at the engine that a step calls. Its handle stays, and so does what is known of the layers inside.
pub(super) async fn look_again(context: &StepContext) -> Result<Entered, EngineError> {
    let engine = context.engine();
    let (facts, seen) = (engine.facts().await?, engine.observe().await?);
    let layer = context.home.clone();
    let answered = Answered { home: layer.clone(), seen, facts: Some(facts) };
    Ok(Entered { layer, answered, engine: None, shared: None, lacking: BTreeSet::new() })
}

/// The layer that owns the engine that was reached by an address, if it is a known one. Engines inside nodes
/// are never the same, even if they say so: a copied data volume brings the ID with it.
pub(super) fn same_engine(dial: &Dial, facts: &Facts, known: &[(LayerPath, String)]) -> Option<LayerPath> {
    if !is_by_address(dial) || facts.id.is_empty() {
        return None;
    }
    known.iter().find(|(_, id)| *id == facts.id).map(|(home, _)| home.clone())
}

/// Whether a node only leads to an engine elsewhere (kind `tcp`).
pub(super) fn is_by_address(dial: &Dial) -> bool {
    match dial {
        Dial::Parent { .. } => false,
        Dial::Exec { argv, .. } => argv.iter().any(|word| word.starts_with("tcp://")),
    }
}

/// An error's words, as causes of another failure.
fn told(error: &EngineError) -> Vec<String> {
    let failure = error.to_failure();
    if failure.causes.is_empty() { vec![failure.summary] } else { failure.causes }
}

async fn with_logs(context: &StepContext, enter: &Enter, failure: Failure) -> Broken {
    let started_at = context.engine().inspect(&enter.container).await.ok().map(|detail| detail.started_at);
    let of = enter.layer.to_string();
    let logs = log_tail(context.engine(), &enter.container, &of, started_at.as_deref()).await;
    Failure { logs, ..failure }.into()
}
