//! The account of a run: how many steps ended how, and which failure skipped what.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::outcome::Summary;
use crate::model::failure::{Failure, FailureKind};
use crate::plan::step::{Resource, Step, StepId};

use super::failure;
use super::run::StepFailure;
use super::scheduler::Because;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How it goes.
    pub(super) summary: Summary,
    /// What went wrong, in the order in which it did.
    pub(super) failures: Vec<StepFailure>,
    of_step: BTreeMap<StepId, usize>,
    of_plan: Vec<(Because, usize)>,
    /// Steps that were allowed to fail and did.
    forgiven: BTreeSet<StepId>,
}

impl Tally {
    pub(super) fn done(&mut self, step: &Step) {
        if step.action.is_change() {
            self.summary.changed += 1;
        }
    }

    pub(super) fn cancelled(&mut self) {
        self.summary.cancelled += 1;
    }

    pub(super) fn failed(&mut self, step: &Step, failure: Failure) {
        if step.may_fail {
            self.forgiven.insert(step.id);
            return;
        }
        self.summary.failed += 1;
        let at = self.push(Some(step.id), step.of.clone(), failure);
        self.of_step.insert(step.id, at);
    }

    pub(super) fn skipped(&mut self, step: &Step, because: &Because) {
        let at = match because {
            Because::Step(id) if self.forgiven.contains(id) => return,
            Because::Step(id) => self.of_step.get(id).copied(),
            other => Some(self.failure_of_plan(step, other)),
        };
        self.summary.skipped += 1;
        let Some(failure) = at.and_then(|at| self.failures.get_mut(at)) else { return };
        if failure.of != step.of && !failure.skipped.contains(&step.of) {
            failure.skipped.push(step.of.clone());
        }
    }

    /// A problem that is no step's failure.
    pub(super) fn problem(&mut self, of: Resource, failure: Failure) {
        self.summary.problems += 1;
        self.push(None, of, failure);
    }

    /// A skip that no step is to blame for: the first one stands for all.
    fn failure_of_plan(&mut self, step: &Step, because: &Because) -> usize {
        if let Some((_, at)) = self.of_plan.iter().find(|(known, _)| known == because) {
            return *at;
        }
        let reason = match because {
            Because::Nobody(milestone) => format!("nothing in the plan reaches `{milestone}`"),
            Because::Step(id) | Because::NoStep(id) => format!("the plan has no step {id}"),
            Because::Stalled => "it waits for something that waits for it".to_owned(),
        };
        let failure = failure::of_step_because(step, FailureKind::Conflict, vec![reason]);
        let at = self.push(None, step.of.clone(), failure);
        self.of_plan.push((because.clone(), at));
        at
    }

    fn push(&mut self, step: Option<StepId>, of: Resource, failure: Failure) -> usize {
        self.failures.push(StepFailure { step, of, failure, skipped: Vec::new() });
        self.failures.len() - 1
    }
}
