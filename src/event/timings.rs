//! Where the time of a run went, as facts.

use std::time::Duration;

use crate::model::addr::LayerPath;
use crate::plan::cause::Cause;
use crate::plan::step::{Resource, StepId};

/// Where the time of a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From the first question to the root engine to the end of the run.
    pub total: Duration,
    /// The critical path: each leg could begin when the one before it had ended, and the last one ended last.
    pub path: Vec<Leg>,
    /// Layers in which steps ran, in the order of their paths.
    pub layers: Vec<Share<LayerPath>>,
    /// Kinds of calls (`Action::verb`), the one that took longest first.
    pub actions: Vec<Share<&'static str>>,
}

impl Timings {
    /// What the legs of the critical path took, without waiting for a free place on an engine: no run that makes the
    /// same calls one after the other where it must could be shorter.
    pub fn critical(&self) -> Duration {
        self.path.iter().map(|leg| leg.took.saturating_sub(leg.queued)).sum()
    }
}

/// A part of the critical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// What was done.
    pub what: Work,
    /// Since the first question to the root engine.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// How much of that it waited for a free place on an engine.
    pub queued: Duration,
}

/// What a leg is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Every engine was asked what it has.
    Survey,
    /// The first plan was made.
    Plan,
    /// A step.
    Step {
        /// Its number.
        id: StepId,
        /// The layer whose engine it calls.
        layer: LayerPath,
        /// What it is about.
        of: Resource,
        /// `Action::verb`.
        verb: &'static str,
        /// Why it was there.
        cause: Cause,
    },
    /// The services were looked at once more.
    FinalLook,
}

/// The part that some steps have of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share<K> {
    /// Which steps.
    pub of: K,
    /// How many.
    pub steps: usize,
    /// Time in which at least one of them ran.
    pub busy: Duration,
    /// What they took together, without waiting for a free place.
    pub together: Duration,
    /// The longest, without waiting for a free place.
    pub longest: Duration,
}
