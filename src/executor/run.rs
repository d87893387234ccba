//! The dispatcher: owns what is known, the schedule and the sink; one `select!` over step results, signals and
//! ticks.

use std::num::NonZeroUsize;

use tokio::sync::watch;

use crate::event::event::CancelLevel;
use crate::event::outcome::Summary;
use crate::event::sink::Sink;
use crate::model::failure::Failure;
use crate::model::status::ServiceStatus;
use crate::plan::goal::Goal;
use crate::plan::plan::Plan;
use crate::plan::step::{Resource, StepId};

use super::survey::Surveyed;

/// How to run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// `up`, `down`, …, for `RunStarted`.
    pub command: &'static str,
    /// Calls at once on the root engine; inner engines get half, at least one. `None`: 8 and 4.
    pub parallel: Option<NonZeroUsize>,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// How it went.
    pub summary: Summary,
    /// Each failed step, what it was about, and the addresses that were skipped because of it.
    pub failures: Vec<StepFailure>,
    /// The services in scope as they are at the end.
    pub services: Vec<ServiceStatus>,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// Which; `None`: no step failed, the service did afterwards (final observation).
    pub step: Option<StepId>,
    /// What it was about.
    pub of: Resource,
    /// Why.
    pub failure: Failure,
    /// What was skipped because of it, without repetition.
    pub skipped: Vec<Resource>,
}

/// Carries `first` out on what was surveyed, planning each layer with `goal` as its engine answers. `cancel`
/// turns to `Some` when the user breaks off.
#[expect(clippy::unused_async, reason = "written next")]
pub async fn run(
    goal: &Goal,
    surveyed: Surveyed,
    first: Plan,
    options: &RunOptions,
    sink: &mut dyn Sink,
    cancel: watch::Receiver<Option<CancelLevel>>,
) -> RunReport {
    let _ = (goal, surveyed, first, options, sink, cancel);
    RunReport::default()
}
