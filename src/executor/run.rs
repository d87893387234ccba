//! Carrying out a plan: options, report, and the one entry.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::event::event::CancelLevel;
use crate::event::outcome::Summary;
use crate::event::sink::Sink;
use crate::event::timings::Timings;
use crate::model::failure::Failure;
use crate::model::status::ServiceStatus;
use crate::plan::goal::Goal;
use crate::plan::plan::Plan;
use crate::plan::step::{Resource, StepId};
use crate::transfer::host_files::HostFiles;

use super::dispatcher::Dispatcher;
use super::survey::Surveyed;

/// How to run.
#[derive(Clone)]
pub struct RunOptions {
    /// `up`, `down`, …, for `RunStarted`.
    pub command: &'static str,
    /// Calls at once on the root engine; inner engines get half, at least one. `None`: 16 and 4.
    pub parallel: Option<NonZeroUsize>,
    /// The user's files, for what is copied into containers.
    pub files: Arc<dyn HostFiles>,
    /// How long a hook may run; `None`: as long as it likes.
    pub hook_limit: Option<Duration>,
    /// What has passed before the run.
    pub before: Before,
}

/// Time that has passed before a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Asking every engine what it has.
    pub survey: Duration,
    /// Making the first plan.
    pub plan: Duration,
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("command", &self.command)
            .field("parallel", &self.parallel)
            .finish_non_exhaustive()
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// How it went.
    pub summary: Summary,
    /// Each failed step, what it was about, and the addresses that were skipped because of it.
    pub failures: Vec<StepFailure>,
    /// The services in scope as they are at the end: after `up` that was not broken off, else empty.
    pub services: Vec<ServiceStatus>,
    /// Where the time went.
    pub timings: Timings,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// Which; `None`: no step failed, the service did afterwards (final observation), or a later plan lacks
    /// what it needs.
    pub step: Option<StepId>,
    /// What it was about.
    pub of: Resource,
    /// Why.
    pub failure: Failure,
    /// What was skipped because of it, without repetition.
    pub skipped: Vec<Resource>,
}

/// Carries `first` out on what was surveyed, planning each layer with `goal` as its engine answers. `cancel`
/// turns to `Some` when the user breaks off. Errors of `first` are the caller's to refuse before; its warnings
/// are told as events like those of later plans.
pub async fn run(
    goal: &Goal,
    surveyed: Surveyed,
    first: Plan,
    options: &RunOptions,
    sink: &mut dyn Sink,
    cancel: watch::Receiver<Option<CancelLevel>>,
) -> RunReport {
    Dispatcher::new(goal, surveyed, options, sink, cancel).run(first).await
}
