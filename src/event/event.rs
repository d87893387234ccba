//! Events.

use std::time::Duration;

use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::milestone::Milestone;
use crate::model::name::ProjectName;
use crate::model::status::ServiceStatus;
use crate::plan::cause::Cause;
use crate::plan::step::{Group, Need, Resource, Step, StepId};

use super::outcome::{Outcome, Summary};
use super::timings::Timings;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Number in this run, from 0.
    pub seq: u64,
    /// Time since the run began.
    pub at: Duration,
    /// What.
    pub kind: EventKind,
}

/// What happened. Sinks match every variant, so that a new one breaks each of them at compile time.
///
/// Protocol: `RunStarted` first, `RunFinished` last; every step of every `LayerPlanned` has exactly one
/// `StepFinished`, and a `StepStarted` before it unless it was skipped or cancelled while waiting.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The run begins.
    RunStarted {
        /// The lab.
        project: ProjectName,
        /// `up`, `down`, …
        command: &'static str,
    },
    /// The engines that answer were observed.
    Surveyed {
        /// Layers that answered.
        answered: Vec<LayerPath>,
        /// Layers that did not.
        silent: Vec<LayerPath>,
    },
    /// Layers were planned; the steps joined the schedule.
    LayerPlanned {
        /// The layers.
        layers: Vec<LayerPath>,
        /// The steps, in the plan's order.
        steps: Vec<StepInfo>,
        /// Services of these layers that need nothing.
        unchanged: Vec<Addr>,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step moved on.
    StepProgress {
        /// Which.
        step: StepId,
        /// Done so far.
        done: u64,
        /// Of how much, if that is known.
        total: Option<u64>,
        /// Of what.
        unit: Unit,
    },
    /// A step waits for something outside.
    StepWaiting {
        /// Which.
        step: StepId,
        /// For what.
        on: WaitReason,
    },
    /// The program that a step runs (a hook) said a line.
    StepSaid {
        /// Which.
        step: StepId,
        /// Without its end.
        line: String,
    },
    /// A call of a step failed in a way that passes; it is made again.
    StepRetrying {
        /// Which.
        step: StepId,
        /// Why it failed.
        because: String,
        /// After so long.
        pause: Duration,
    },
    /// A step ended.
    StepFinished {
        /// Which.
        step: StepId,
        /// How.
        outcome: Outcome,
        /// Time from its start; zero when it never started.
        took: Duration,
    },
    /// Somebody else has changed what steps were about: what is there now is observed and planned. Every step so far
    /// has ended; `Surveyed` and `LayerPlanned` follow, and failures before count no more.
    LookingAgain {
        /// What a step failed with.
        because: String,
        /// For which time, from 1.
        attempt: u32,
    },
    /// A problem worth telling that stops nothing.
    Warned {
        /// The problem.
        diagnostic: Diagnostic,
    },
    /// The user asked to stop.
    Cancelling {
        /// How.
        level: CancelLevel,
    },
    /// The run is over.
    RunFinished {
        /// How it went.
        summary: Summary,
        /// The services in scope as they are now.
        services: Vec<ServiceStatus>,
        /// Where the time went.
        timings: Box<Timings>,
    },
}

/// A step as sinks see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// Its number.
    pub id: StepId,
    /// The layer whose engine it calls.
    pub layer: LayerPath,
    /// What it is about.
    pub of: Resource,
    /// The action's verb (`Action::verb`).
    pub verb: &'static str,
    /// Whether it changes something.
    pub change: bool,
    /// Why it is there.
    pub cause: Cause,
    /// The line that it is part of.
    pub group: Option<Group>,
    /// What must have happened before: what a screen says it is waiting for.
    pub needs: Vec<Need>,
    /// What it reaches when it ends well.
    pub reaches: Vec<Milestone>,
}

impl StepInfo {
    /// What sinks are told of `step`.
    pub fn of(step: &Step) -> Self {
        Self {
            id: step.id,
            layer: step.layer.clone(),
            of: step.of.clone(),
            verb: step.action.verb(),
            change: step.action.is_change(),
            cause: step.cause.clone(),
            group: step.group,
            needs: step.needs.clone(),
            reaches: step.reaches.clone(),
        }
    }
}

/// What progress counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Layers of an image.
    Layers,
}

/// What a waiting step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The health check's verdict; with the failures so far.
    Health,
    /// The end of a container.
    Exit,
    /// The boot line on a node's console.
    Boot,
    /// The answer of an engine.
    Engine,
    /// A free place on the engine (too many calls at once).
    Permit,
}

/// How far a run is being broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CancelLevel {
    /// First signal: nothing new starts, waits and streams end, short calls finish.
    Drain,
    /// Second signal: calls are dropped.
    Abort,
}
