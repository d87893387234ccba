//! Collects the steps of one plan.

use std::collections::{HashMap, HashSet};

use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::{Addr, LayerPath};
use crate::model::milestone::Milestone;
use crate::model::quick_hash::QuickHash;

use super::action::Action;
use super::cause::Cause;
use super::plan::Plan;
use super::step::{Group, Must, Need, On, Resource, Step, StepId};

/// Steps of most services: create, start, wait, and the point where its stages come together.
const STEPS: usize = 4;

/// Steps of what is there once for several services: images, helpers.
const SHARED: usize = 64;

/// A plan in the making.
#[derive(Debug)]
pub(super) struct Builder {
    next: StepId,
    steps: Vec<Step>,
    reached: HashSet<Milestone, QuickHash>,
    promised: Promised,
    pub(super) problems: Diagnostics,
}

/// Milestones that the steps reach. A lab has several for each instance, which are kept together.
#[derive(Debug, Default)]
struct Promised {
    /// A bit for each stage.
    stages: HashMap<Addr, u8, QuickHash>,
    others: HashSet<Milestone, QuickHash>,
}

impl Promised {
    fn insert(&mut self, milestone: Milestone) {
        if let Milestone::Service(addr, stage) = milestone {
            *self.stages.entry(addr).or_default() |= 1 << stage as u8;
        } else {
            self.others.insert(milestone);
        }
    }

    fn contains(&self, milestone: &Milestone) -> bool {
        match milestone {
            Milestone::Service(addr, stage) => {
                self.stages.get(addr).is_some_and(|stages| stages & (1 << *stage as u8) != 0)
            }
            _ => self.others.contains(milestone),
        }
    }
}

/// What a step is, but for its number, needs and milestones.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) layer: LayerPath,
    pub(super) of: Resource,
    pub(super) cause: Cause,
    pub(super) group: Option<Group>,
}

impl Draft {
    pub(super) fn service(addr: &Addr, layer: &LayerPath, cause: Cause, group: Group) -> Self {
        Self { layer: layer.clone(), of: Resource::Service(addr.clone()), cause, group: Some(group) }
    }
}

impl Builder {
    pub(super) fn new(first: StepId) -> Self {
        Self {
            next: first,
            steps: Vec::new(),
            reached: HashSet::default(),
            promised: Promised::default(),
            problems: Diagnostics::new(),
        }
    }

    /// Makes room for what so many services, networks and volumes take when they come up for the first time.
    pub(super) fn reserve(&mut self, services: usize, objects: usize) {
        // One too few would double it.
        self.steps.reserve(services * STEPS + objects + SHARED);
        self.promised.stages.reserve(services);
    }

    /// Adds a step.
    pub(super) fn push(&mut self, draft: Draft, action: Action, needs: Vec<Need>) -> StepId {
        let id = self.next;
        self.next = StepId(id.0 + 1);
        let Draft { layer, of, cause, group } = draft;
        let mut needs = needs;
        needs.sort();
        needs.dedup();
        self.steps.push(Step {
            id,
            layer,
            of,
            action,
            needs,
            reaches: Vec::new(),
            cause,
            group,
            may_fail: false,
        });
        id
    }

    /// Says that `step`, a step of this plan, reaches `milestone`.
    pub(super) fn reaches(&mut self, step: StepId, milestone: Milestone) {
        if let Some(found) = self.steps.iter_mut().rev().find(|other| other.id == step) {
            // Nearly all reach one.
            found.reaches.reserve_exact(1);
            found.reaches.push(milestone.clone());
        }
        self.promised.insert(milestone);
    }

    /// The steps so far.
    pub(super) fn ids(&self) -> impl Iterator<Item = StepId> + '_ {
        self.steps.iter().map(|step| step.id)
    }

    /// The step that stops a container, or removes it as it is.
    pub(super) fn stop_of(&self, container: &str) -> Option<StepId> {
        let ends = |action: &Action| match action {
            Action::Stop { container: of, .. } | Action::Remove { container: of, .. } => of == container,
            _ => false,
        };
        self.steps.iter().find(|step| ends(&step.action)).map(|step| step.id)
    }

    /// The step that removes a container.
    pub(super) fn removal_of(&self, container: &str) -> Option<StepId> {
        let removes =
            |action: &Action| matches!(action, Action::Remove { container: of, .. } if of == container);
        self.steps.iter().find(|step| removes(&step.action)).map(|step| step.id)
    }

    /// Whether a step removes a container.
    pub(super) fn removes(&self, container: &str) -> bool {
        self.removal_of(container).is_some()
    }

    /// Lets `step` fail without harm.
    pub(super) fn may_fail(&mut self, step: StepId) {
        if let Some(found) = self.steps.iter_mut().rev().find(|other| other.id == step) {
            found.may_fail = true;
        }
    }

    /// Says that `milestone` holds already.
    pub(super) fn reached(&mut self, milestone: Milestone) {
        self.reached.insert(milestone);
    }

    /// Whether a step of this plan reaches `milestone`, or it holds already.
    pub(super) fn has(&self, milestone: &Milestone) -> bool {
        self.reached.contains(milestone) || self.promised.contains(milestone)
    }

    /// Whether it holds already.
    pub(super) fn is_reached(&self, milestone: &Milestone) -> bool {
        self.reached.contains(milestone)
    }

    pub(super) fn finish(self) -> Plan {
        let mut reached: Vec<Milestone> = self.reached.into_iter().collect();
        reached.sort();
        Plan { steps: self.steps, reached, problems: self.problems }
    }
}

/// Must have succeeded.
pub(super) fn after(step: StepId) -> Need {
    Need { on: On::Step(step), must: Must::Succeed }
}

/// Must have ended, however.
pub(super) fn after_end(step: StepId) -> Need {
    Need { on: On::Step(step), must: Must::End }
}

/// Must be reached.
pub(super) fn when(milestone: Milestone) -> Need {
    Need { on: On::Milestone(milestone), must: Must::Succeed }
}
