//! The record of a run: when each step began and ended, and what that makes of the run's time. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::event::timings::{Leg, Share, Timings, Work};
use crate::model::milestone::Milestone;
use crate::plan::action::Action;
use crate::plan::step::{On, Step, StepId};

use super::run::Before;

/// When a step ran; times since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ran {
    began: Duration,
    ended: Option<Duration>,
    queued: Duration,
    succeeded: bool,
}

impl Ran {
    fn took(&self) -> Duration {
        self.ended.unwrap_or(self.began).saturating_sub(self.began)
    }

    fn worked(&self) -> Duration {
        self.took().saturating_sub(self.queued)
    }
}

/// The record.
#[derive(Debug, Default)]
pub(super) struct Trace {
    ran: BTreeMap<StepId, Ran>,
    /// The step after which a later plan was made, by the first step of that plan.
    planned_after: BTreeMap<StepId, StepId>,
    final_look: Option<(Duration, Duration)>,
}

impl Trace {
    pub(super) fn began(&mut self, step: StepId, at: Duration) {
        self.ran.insert(step, Ran { began: at, ..Ran::default() });
    }

    pub(super) fn queued(&mut self, step: StepId, waited: Duration) {
        if let Some(ran) = self.ran.get_mut(&step) {
            ran.queued += waited;
        }
    }

    pub(super) fn ended(&mut self, step: StepId, at: Duration, succeeded: bool) {
        if let Some(ran) = self.ran.get_mut(&step) {
            (ran.ended, ran.succeeded) = (Some(at), succeeded);
        }
    }

    /// Steps from `first` on are of a plan that was made when `after` had ended.
    pub(super) fn planned(&mut self, first: StepId, after: StepId) {
        self.planned_after.insert(first, after);
    }

    pub(super) fn looked(&mut self, from: Duration, to: Duration) {
        self.final_look = Some((from, to));
    }

    /// What it comes to. `steps`: all of the run. `total`: how long the run took.
    pub(super) fn timings(
        &self,
        steps: &BTreeMap<StepId, Arc<Step>>,
        before: Before,
        total: Duration,
    ) -> Timings {
        let start = before.survey + before.plan;
        let mut path = vec![
            Leg { what: Work::Survey, began: Duration::ZERO, took: before.survey, queued: Duration::ZERO },
            Leg { what: Work::Plan, began: before.survey, took: before.plan, queued: Duration::ZERO },
        ];
        for id in self.critical(steps) {
            let (Some(step), Some(ran)) = (steps.get(&id), self.ran.get(&id)) else { continue };
            // A join is no work, and where one stands the step before it does.
            if step.action == Action::Join {
                continue;
            }
            let what = Work::Step {
                id,
                layer: step.layer.clone(),
                of: step.of.clone(),
                verb: step.action.verb(),
                cause: step.cause.clone(),
            };
            path.push(Leg { what, began: start + ran.began, took: ran.took(), queued: ran.queued });
        }
        if let Some((from, to)) = self.final_look {
            let queued = Duration::ZERO;
            path.push(Leg {
                what: Work::FinalLook,
                began: start + from,
                took: to.saturating_sub(from),
                queued,
            });
        }
        let ran = || {
            let all = self.ran.iter().filter_map(|(id, ran)| Some((steps.get(id)?, ran)));
            all.filter(|(step, _)| step.action != Action::Join)
        };
        let layers = shares(ran().map(|(step, ran)| (step.layer.clone(), *ran)));
        let mut actions = shares(ran().map(|(step, ran)| (step.action.verb(), *ran)));
        actions.sort_by_key(|share| std::cmp::Reverse(share.together));
        Timings { total: start + total, path, layers, actions }
    }

    /// The steps of the critical path, the first first.
    fn critical(&self, steps: &BTreeMap<StepId, Arc<Step>>) -> Vec<StepId> {
        let mut reached: HashMap<&Milestone, StepId> = HashMap::new();
        let succeeded = self.ran.iter().filter(|(_, ran)| ran.succeeded);
        for (id, ran) in succeeded {
            for milestone in steps.get(id).map(|step| step.reaches.as_slice()).unwrap_or_default() {
                let first = reached.entry(milestone).or_insert(*id);
                if self.ran.get(first).is_some_and(|other| ran.ended < other.ended) {
                    *first = *id;
                }
            }
        }
        let mut path = Vec::new();
        let ended = |id: &StepId| self.ran.get(id).and_then(|ran| ran.ended);
        let mut at = self.ran.keys().copied().max_by_key(|id| (ended(id), *id));
        while let Some(id) = at {
            path.push(id);
            let needs = steps.get(&id).map(|step| step.needs.as_slice()).unwrap_or_default();
            let needed = needs.iter().filter_map(|need| match &need.on {
                On::Step(id) => Some(*id),
                On::Milestone(milestone) => reached.get(milestone).copied(),
            });
            let planned_after = self.planned_after.range(..=id).next_back().map(|(_, after)| *after);
            // Nothing waits for what ends later; where clocks were too coarse to tell, the lower number came first.
            let began = self.ran.get(&id).map(|ran| ran.began);
            let before = needed.chain(planned_after).filter(|other| {
                let ended = ended(other);
                ended.is_some() && (ended < began || (ended == began && !path.contains(other)))
            });
            at = before.max_by_key(|id| (ended(id), *id));
        }
        path.reverse();
        path
    }
}

/// What steps of one kind have of the time, in the order of kinds.
fn shares<K: Ord>(ran: impl Iterator<Item = (K, Ran)>) -> Vec<Share<K>> {
    let mut kinds: BTreeMap<K, Vec<Ran>> = BTreeMap::new();
    ran.for_each(|(kind, ran)| kinds.entry(kind).or_default().push(ran));
    let share = |(of, mut ran): (K, Vec<Ran>)| {
        ran.sort_by_key(|ran| ran.began);
        let mut busy = Duration::ZERO;
        let mut until = Duration::ZERO;
        for ran in &ran {
            let end = ran.began + ran.took();
            busy += end.saturating_sub(ran.began.max(until));
            until = until.max(end);
        }
        let worked = || ran.iter().map(Ran::worked);
        let (together, longest) = (worked().sum(), worked().max().unwrap_or_default());
        Share { of, steps: ran.len(), busy, together, longest }
    };
    kinds.into_iter().map(share).collect()
}
