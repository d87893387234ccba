//! How steps and runs end.

use std::time::Duration;

use crate::model::failure::Failure;
use crate::plan::step::StepId;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done,
    /// It failed.
    Failed(Box<Failure>),
    /// It never ran because something that it needs failed.
    Skipped {
        /// The step whose failure is the first cause; `None`: a problem of a later plan.
        because: Option<StepId>,
    },
    /// The run was broken off.
    Cancelled,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Summary {
    /// Steps that changed something and ended well.
    pub changed: usize,
    /// Steps that failed.
    pub failed: usize,
    /// Steps that were skipped.
    pub skipped: usize,
    /// Steps that were cancelled.
    pub cancelled: usize,
    /// Errors of later plans and services that ended badly although every step went well.
    pub problems: usize,
    /// Whether the user broke it off.
    pub interrupted: bool,
    /// Time of the whole run.
    pub took: Duration,
}

impl Summary {
    /// Whether all went well.
    pub fn is_success(&self) -> bool {
        self.failed == 0
            && self.skipped == 0
            && self.cancelled == 0
            && self.problems == 0
            && !self.interrupted
    }
}
