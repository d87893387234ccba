//! The account of a run: how many steps ended how, and which failure skipped what.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::outcome::Summary;
use crate::model::failure::{Failure, FailureKind};
use crate::plan::action::Action;
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

    /// A step failed because of `of`, rarely another thing than the step is about. When that was told already, by
    /// another step that looked at the same thing, it is not told again.
    pub(super) fn failed(&mut self, step: &Step, of: Resource, failure: Failure) {
        if step.may_fail {
            self.forgiven.insert(step.id);
            return;
        }
        let looks = of != step.of || matches!(step.action, Action::Wait { .. } | Action::Enter(_));
        let told = self.failures.iter().position(|told| looks && told.of == of && told.step.is_some());
        let at = told.unwrap_or_else(|| {
            self.summary.failed += 1;
            self.push(Some(step.id), of, failure)
        });
        self.of_step.insert(step.id, at);
        self.skip(at, &step.of);
    }

    pub(super) fn skipped(&mut self, step: &Step, because: &Because) {
        let at = match because {
            Because::Step(id) if self.forgiven.contains(id) => return,
            Because::Step(id) => self.of_step.get(id).copied(),
            other => Some(self.failure_of_plan(step, other)),
        };
        self.summary.skipped += 1;
        if let Some(at) = at {
            self.skip(at, &step.of);
        }
    }

    /// The failures so far count no more: what they were about is planned again.
    pub(super) fn start_over(&mut self) {
        let Summary { changed, cancelled, .. } = self.summary;
        *self = Self { summary: Summary { changed, cancelled, ..Summary::default() }, ..Self::default() };
    }

    fn skip(&mut self, at: usize, of: &Resource) {
        let failure = &mut self.failures[at];
        if failure.of != *of && !failure.skipped.contains(of) {
            failure.skipped.push(of.clone());
        }
    }

    /// Whether a failure is about `of`, or says that it was skipped: then it was not started, and how it ended
    /// is of an earlier run. A layer is told with its node.
    pub(super) fn has_told(&self, of: &Resource) -> bool {
        let node = match of {
            Resource::Layer(layer) => layer.node().map(Resource::Service),
            _ => None,
        };
        let is_of = |one: &Resource| one == of || Some(one) == node.as_ref();
        self.failures.iter().any(|told| is_of(&told.of) || told.skipped.iter().any(is_of))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::addr::Addr;
    use crate::model::milestone::{Milestone, Stage};
    use crate::plan::cause::Cause;

    fn step(id: u32, of: &str, may_fail: bool) -> Step {
        let of: Addr = of.parse().expect("a valid address");
        Step {
            id: StepId(id),
            layer: of.layer(),
            of: Resource::Service(of),
            action: Action::Start { container: "x".to_owned() },
            needs: Vec::new(),
            reaches: Vec::new(),
            cause: Cause::Missing,
            group: None,
            may_fail,
        }
    }

    fn failure() -> Failure {
        Failure { kind: FailureKind::Engine, summary: String::new(), causes: Vec::new(), logs: None }
    }

    fn fail(tally: &mut Tally, step: &Step) {
        tally.failed(step, step.of.clone(), failure());
    }

    #[test]
    fn a_node_that_ended_is_told_once_with_all_that_broke_in_it() {
        let mut tally = Tally::default();
        let node = Resource::Service("vm".parse().expect("a valid address"));
        tally.failed(&step(0, "vm/a", false), node.clone(), failure());
        tally.failed(&step(1, "vm/b", false), node.clone(), failure());
        tally.skipped(&step(2, "vm/c", false), &Because::Step(StepId(1)));
        assert_eq!(tally.failures.len(), 1);
        assert_eq!(tally.failures[0].of, node);
        let skipped: Vec<String> = tally.failures[0].skipped.iter().map(ToString::to_string).collect();
        assert_eq!(skipped, ["vm/a", "vm/b", "vm/c"]);
        assert_eq!((tally.summary.failed, tally.summary.skipped), (1, 1));
        assert!(tally.has_told(&Resource::Layer("vm/a".parse::<Addr>().expect("a valid address").layer())));
    }

    #[test]
    fn what_was_allowed_to_fail_counts_nowhere() {
        let mut tally = Tally::default();
        fail(&mut tally, &step(0, "a", true));
        tally.skipped(&step(1, "b", false), &Because::Step(StepId(0)));
        assert!(tally.summary.is_success());
        assert_eq!(tally.failures, []);
    }

    #[test]
    fn a_failure_names_each_thing_that_was_skipped_because_of_it_once() {
        let mut tally = Tally::default();
        fail(&mut tally, &step(0, "a", false));
        for (id, of) in [(1, "a"), (2, "b"), (3, "b"), (4, "c/d")] {
            tally.skipped(&step(id, of, false), &Because::Step(StepId(0)));
        }
        let skipped: Vec<String> = tally.failures[0].skipped.iter().map(ToString::to_string).collect();
        assert_eq!(skipped, ["b", "c/d"]);
        assert_eq!((tally.summary.failed, tally.summary.skipped), (1, 4));
    }

    #[test]
    fn a_need_that_nobody_meets_is_a_failure_too() {
        let mut tally = Tally::default();
        let of: Addr = "vm/web".parse().expect("a valid address");
        let nobody = Because::Nobody(Milestone::Service(of, Stage::Ready));
        tally.skipped(&step(0, "a", false), &nobody);
        tally.skipped(&step(1, "b", false), &nobody);
        assert_eq!(tally.failures.len(), 1);
        let causes = &tally.failures[0].failure.causes;
        assert_eq!(causes[..], ["nothing in the plan reaches `vm/web ready`"]);
        assert!(!tally.summary.is_success());
    }
}
