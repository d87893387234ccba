//! Failures of steps in words: the step and the address first, then the engine's reason.

use crate::engine::error::EngineError;
use crate::model::failure::{Failure, FailureKind};
use crate::plan::action::{Action, HookPoint};
use crate::plan::cause::Cause;
use crate::plan::step::{Resource, Step};

/// A failed call of a step's engine.
pub(super) fn of_step(step: &Step, error: &EngineError) -> Failure {
    let (op, text) = deed(step);
    let mut failure = error.to_failure();
    let inner = std::mem::replace(&mut failure.summary, text);
    // The engine's own words name the object by its name there; they say more only when another call failed.
    if error.op != op {
        failure.causes.insert(0, inner);
    }
    failure
}

/// A step that failed for a reason of its own.
pub(super) fn of_step_because(step: &Step, kind: FailureKind, causes: Vec<String>) -> Failure {
    Failure { kind, summary: deed(step).1, causes, logs: None }
}

/// A step whose engine is not known.
pub(super) fn no_engine(step: &Step, reason: String) -> Failure {
    of_step_because(step, FailureKind::Unreachable, vec![reason])
}

/// What a step does, as the engine's errors call it, and as a failed step is told.
fn deed(step: &Step) -> (&'static str, String) {
    let op = match &step.action {
        Action::Pull { .. } => "pull image",
        Action::Push { .. } => "push image",
        Action::Build(_) => "build image",
        Action::Copy { .. } => "copy image",
        Action::CreateNetwork { .. } => "create network",
        Action::CreateVolume { .. } => "create volume",
        Action::CreateContainer(_) => "create container",
        Action::PutFiles { .. } | Action::PutTree { .. } => "put files into container",
        Action::FillVolume(_) => "fill volume",
        Action::Connect { .. } => "connect container",
        Action::Disconnect { .. } => "disconnect container",
        Action::Start { .. } => "start container",
        Action::Stop { .. } => "stop container",
        Action::Kill { .. } => "kill container",
        Action::Pause { .. } => "pause container",
        Action::Unpause { .. } => "unpause container",
        Action::Thaw { .. } => "thaw container",
        Action::Remove { .. } => "remove container",
        Action::Rename { .. } => "rename container",
        Action::RemoveNetwork { .. } => "remove network",
        Action::RemoveVolume { .. } => "remove volume",
        Action::RemoveImage { .. } => "remove image",
        Action::Hook { point: HookPoint::PostStart, .. } => "run a `post_start` hook of",
        Action::Hook { point: HookPoint::PreStop, .. } => "run a `pre_stop` hook of",
        Action::Wait { .. } if step.cause == Cause::Hook => "run a `pre_start` hook of",
        Action::Wait { .. } => "wait for",
        Action::Enter(_) => "enter",
        Action::Look => "look at",
        Action::Join => "complete",
    };
    (op, format!("failed to {op} {}", object(step)))
}

/// Whom a step is about. An object that belongs to an engine is told with its layer; an address says it all.
fn object(step: &Step) -> String {
    let (layer, name) = match &step.of {
        Resource::Service(addr) => return format!("`{addr}`"),
        Resource::Layer(layer) if layer.is_root() => return "the root engine".to_owned(),
        Resource::Layer(layer) => return format!("`{layer}`"),
        Resource::Network(layer, name) | Resource::Volume(layer, name) | Resource::Image(layer, name) => {
            (layer, name)
        }
    };
    let preposition = match (&step.action, &step.of) {
        (Action::Copy { .. }, _) => "into",
        (_, Resource::Image(..)) => "on",
        _ => "in",
    };
    if layer.is_root() { format!("`{name}`") } else { format!("`{name}` {preposition} `{layer}`") }
}
