//! Where the time of a run went, in version 1 of the machine output. All times are seconds.

use std::time::Duration;

use serde::Serialize;

use crate::event::timings::{Leg, Share, Timings as Model, Work};

/// Where the time of a run went.
#[derive(Debug, Serialize)]
pub struct Timings {
    /// From the first question to the root engine to the end of the run.
    pub total: f64,
    /// What the critical path took, without waiting for a free place on an engine.
    pub critical: f64,
    /// The critical path.
    pub path: Vec<PathLeg>,
    /// The parts of the layers.
    pub layers: Vec<Part>,
    /// The parts of the kinds of calls.
    pub actions: Vec<Part>,
}

/// A part of the critical path.
#[derive(Debug, Serialize)]
pub struct PathLeg {
    /// `survey`, `plan`, `final-look`, or a step's verb: `create`, `start`, …
    pub action: &'static str,
    /// Number of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Path of the layer whose engine the step calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// What the step is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Why the step was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When it began, after the first question to the root engine.
    pub began: f64,
    /// How long it took.
    pub took: f64,
    /// How much of that it waited for a free place on an engine.
    pub queued: f64,
}

/// The part that some steps have of the time.
#[derive(Debug, Serialize)]
pub struct Part {
    /// Path of the layer, or the verb.
    pub of: String,
    /// Number of steps.
    pub steps: usize,
    /// Time in which at least one of them ran.
    pub busy: f64,
    /// What they took together, without waiting for a free place.
    pub together: f64,
    /// The longest, without waiting for a free place.
    pub longest: f64,
}

impl From<&Model> for Timings {
    fn from(timings: &Model) -> Self {
        Self {
            total: seconds(timings.total),
            critical: seconds(timings.critical()),
            path: timings.path.iter().map(leg).collect(),
            layers: timings.layers.iter().map(part).collect(),
            actions: timings.actions.iter().map(part).collect(),
        }
    }
}

fn leg(leg: &Leg) -> PathLeg {
    let (action, step) = match &leg.what {
        Work::Survey => ("survey", None),
        Work::Plan => ("plan", None),
        Work::FinalLook => ("final-look", None),
        Work::Step { id, layer, of, verb, cause } => (*verb, Some((id.0, layer, of, cause))),
    };
    PathLeg {
        action,
        step: step.map(|(id, ..)| id),
        layer: step.map(|(_, layer, ..)| layer.to_string()),
        of: step.map(|(_, _, of, _)| of.to_string()),
        cause: step.map(|(.., cause)| cause.to_string()),
        began: seconds(leg.began),
        took: seconds(leg.took),
        queued: seconds(leg.queued),
    }
}

fn part<K: std::fmt::Display>(share: &Share<K>) -> Part {
    Part {
        of: share.of.to_string(),
        steps: share.steps,
        busy: seconds(share.busy),
        together: seconds(share.together),
        longest: seconds(share.longest),
    }
}

/// To the microsecond: more says nothing.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}
