//! The schedule: which step may start, and what a step's end means for the others. Pure: no clock, no engine.
//!
//! ```text
//! waiting → running → done | failed | cancelled
//! waiting → skipped(because) | cancelled
//! ```
//!
//! A step ends after everything that it needs has ended, a skipped one too: what must only come *after* it is
//! then after all of it. A need on a milestone is settled by the first of these that holds:
//!
//! 1. the milestone is *reached*: it was observed, or a step that reaches it is done;
//! 2. it is *promised*: a step that reaches it has not ended;
//! 3. all steps that promised it ended badly: it failed, because of the first cause of the last of them;
//! 4. it is *owned*: an `Enter` of an enclosing layer has not ended, whose plan may promise it;
//! 5. else it failed, because of the innermost enclosing `Enter` if that one ended badly, or because nobody
//!    reaches it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::model::addr::LayerPath;
use crate::model::milestone::Milestone;
use crate::plan::action::Action;
use crate::plan::plan::Plan;
use crate::plan::step::{Must, Need, On, StepId};

/// The first cause of a skip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// This step failed or was cancelled.
    Step(StepId),
    /// The plans hold no step that reaches the milestone.
    Nobody(Milestone),
    /// The plans hold no such step.
    NoStep(StepId),
    /// The remaining steps wait for each other.
    Stalled,
}

/// Where a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not everything that it needs has ended.
    Waiting,
    /// It may start.
    Ready,
    /// It was started.
    Running,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// It never ran, because of this.
    Skipped(Because),
    /// The run was broken off.
    Cancelled,
}

impl State {
    /// Whether nothing follows.
    pub fn is_ended(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Running)
    }
}

/// How a step that ran ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Done,
    /// It failed.
    Failed,
    /// It was broken off.
    Cancelled,
}

/// A step that ended without having run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unrun {
    /// Because of another's failure.
    Skipped(StepId, Because),
    /// Because the run was broken off.
    Cancelled(StepId),
}

#[derive(Debug)]
struct Entry {
    state: State,
    /// Needs that are not settled.
    open: usize,
    /// First cause of the first need that was settled badly and must succeed.
    doom: Option<Because>,
    needs: Vec<Need>,
    reaches: Vec<Milestone>,
    enters: Option<LayerPath>,
}

/// What holds of a need or a milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Good,
    Bad(Because),
}

/// The schedule of one run.
#[derive(Debug, Default)]
pub struct Scheduler {
    steps: BTreeMap<StepId, Entry>,
    reached: BTreeSet<Milestone>,
    /// Steps that reach a milestone, of all plans.
    promises: BTreeMap<Milestone, Vec<StepId>>,
    /// `Enter` steps by the layer that they open, in the order in which they were added.
    enters: BTreeMap<LayerPath, Vec<StepId>>,
    /// Steps with an open need on a step.
    on_step: BTreeMap<StepId, Vec<StepId>>,
    /// Steps with an open need on a milestone.
    on_milestone: BTreeMap<Milestone, Vec<StepId>>,
    ready: BTreeSet<StepId>,
    running: usize,
    ended: usize,
    cancelled: bool,
}

impl Scheduler {
    /// An empty schedule.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plan. The answer is what ended at once because what it needs has failed already; everything, when
    /// the run was broken off.
    pub fn add(&mut self, plan: &Plan) -> Vec<Unrun> {
        for step in &plan.steps {
            let enters = match &step.action {
                Action::Enter(enter) => Some(enter.layer.clone()),
                _ => None,
            };
            if let Some(layer) = &enters {
                self.enters.entry(layer.clone()).or_default().push(step.id);
            }
            for milestone in &step.reaches {
                self.promises.entry(milestone.clone()).or_default().push(step.id);
            }
            let entry = Entry {
                state: State::Waiting,
                open: 0,
                doom: None,
                needs: step.needs.clone(),
                reaches: step.reaches.clone(),
                enters,
            };
            let before = self.steps.insert(step.id, entry);
            debug_assert!(before.is_none(), "the planner numbers steps on from the last plan's");
        }
        let mut settled = VecDeque::new();
        for milestone in &plan.reached {
            if self.reached.insert(milestone.clone()) {
                settled.push_back(On::Milestone(milestone.clone()));
            }
        }
        let mut unrun = Vec::new();
        self.spread(settled, &mut unrun);
        for step in &plan.steps {
            self.admit(step.id, &mut unrun);
        }
        if self.cancelled {
            unrun.extend(self.cancel());
        }
        unrun
    }

    /// Registers the open needs of a new step.
    fn admit(&mut self, id: StepId, unrun: &mut Vec<Unrun>) {
        let needs = self.steps.get(&id).map(|entry| entry.needs.clone()).unwrap_or_default();
        for need in needs {
            let verdict = self.verdict(&need.on);
            let Some(entry) = self.steps.get_mut(&id) else { continue };
            match verdict {
                Verdict::Good => {}
                Verdict::Bad(because) => {
                    if need.must == Must::Succeed && entry.doom.is_none() {
                        entry.doom = Some(because);
                    }
                }
                Verdict::Open => {
                    entry.open += 1;
                    match need.on {
                        On::Step(on) => self.on_step.entry(on).or_default().push(id),
                        On::Milestone(on) => self.on_milestone.entry(on).or_default().push(id),
                    }
                }
            }
        }
        let settled = self.advance(id, unrun);
        self.spread(settled, unrun);
    }

    /// Steps that may start, in the order of their numbers. A step stays in it until [`Self::started`].
    pub fn ready(&self) -> Vec<StepId> {
        self.ready.iter().copied().collect()
    }

    /// A step of [`Self::ready`] was started.
    pub fn started(&mut self, id: StepId) {
        let was_ready = self.ready.remove(&id);
        debug_assert!(was_ready, "only a ready step is started");
        if let Some(entry) = self.steps.get_mut(&id).filter(|entry| entry.state == State::Ready) {
            entry.state = State::Running;
            self.running += 1;
        }
    }

    /// A running step ended. The plan of the layer that an `Enter` opened is added before its end is told, so
    /// that what the `Enter` owned is promised then. The answer is what is skipped because of it.
    pub fn finish(&mut self, id: StepId, end: End) -> Vec<Unrun> {
        let Some(entry) = self.steps.get_mut(&id).filter(|entry| entry.state == State::Running) else {
            debug_assert!(false, "only a running step ends");
            return Vec::new();
        };
        entry.state = match end {
            End::Done => State::Done,
            End::Failed => State::Failed,
            End::Cancelled => State::Cancelled,
        };
        self.running -= 1;
        let settled = self.settle(id);
        let mut unrun = Vec::new();
        self.spread(settled, &mut unrun);
        unrun
    }

    /// The run is broken off: all that was not started ends, and nothing starts any more. Steps that run are
    /// told by [`Self::finish`] as they end.
    pub fn cancel(&mut self) -> Vec<Unrun> {
        self.cancelled = true;
        self.ready.clear();
        let waiting: Vec<StepId> = self
            .steps
            .iter()
            .filter(|(_, entry)| matches!(entry.state, State::Waiting | State::Ready))
            .map(|(id, _)| *id)
            .collect();
        for id in &waiting {
            if let Some(entry) = self.steps.get_mut(id) {
                entry.state = State::Cancelled;
                self.ended += 1;
            }
        }
        waiting.into_iter().map(Unrun::Cancelled).collect()
    }

    /// Whether steps are left of which none runs and none may start: the plans are wrong, or an `Enter` needs
    /// what only it can promise.
    pub fn is_stalled(&self) -> bool {
        self.running == 0 && self.ready.is_empty() && !self.is_finished()
    }

    /// Ends a stall: everything that waits is skipped.
    pub fn break_stall(&mut self) -> Vec<Unrun> {
        let mut unrun = Vec::new();
        while self.is_stalled() {
            let first = self.steps.iter().find(|(_, entry)| entry.state == State::Waiting).map(|(id, _)| *id);
            let Some(id) = first else { break };
            if let Some(entry) = self.steps.get_mut(&id) {
                entry.open = 0;
                entry.doom.get_or_insert(Because::Stalled);
            }
            let settled = self.advance(id, &mut unrun);
            self.spread(settled, &mut unrun);
        }
        unrun
    }

    /// Whether every step has ended.
    pub fn is_finished(&self) -> bool {
        self.ended == self.steps.len()
    }

    /// Where a step is.
    pub fn state(&self, id: StepId) -> Option<&State> {
        self.steps.get(&id).map(|entry| &entry.state)
    }

    /// What holds of something that is needed.
    fn verdict(&self, on: &On) -> Verdict {
        match on {
            On::Step(id) => match self.steps.get(id) {
                None => Verdict::Bad(Because::NoStep(*id)),
                Some(entry) => verdict_of_step(*id, entry),
            },
            On::Milestone(milestone) => self.verdict_of_milestone(milestone),
        }
    }

    fn verdict_of_milestone(&self, milestone: &Milestone) -> Verdict {
        if self.reached.contains(milestone) {
            return Verdict::Good;
        }
        let mut failed = None;
        for id in self.promises.get(milestone).into_iter().flatten() {
            let Some(entry) = self.steps.get(id) else { continue };
            match verdict_of_step(*id, entry) {
                Verdict::Bad(because) => failed = Some(because),
                other => return other,
            }
        }
        if let Some(because) = failed {
            return Verdict::Bad(because);
        }
        let layer = milestone.layer();
        let enclosing: Vec<Verdict> = layer
            .ancestors()
            .flat_map(|layer| self.enters.get(&layer).into_iter().flatten().rev())
            .filter_map(|id| self.steps.get(id).map(|entry| verdict_of_step(*id, entry)))
            .collect();
        if enclosing.contains(&Verdict::Open) {
            return Verdict::Open;
        }
        match enclosing.into_iter().next() {
            Some(Verdict::Bad(because)) => Verdict::Bad(because),
            _ => Verdict::Bad(Because::Nobody(milestone.clone())),
        }
    }

    /// Whether a step has nothing left to wait for: it becomes ready or is skipped. The answer is what that
    /// settles.
    fn advance(&mut self, id: StepId, unrun: &mut Vec<Unrun>) -> VecDeque<On> {
        let Some(entry) = self.steps.get_mut(&id) else { return VecDeque::new() };
        if entry.state != State::Waiting || entry.open > 0 {
            return VecDeque::new();
        }
        match entry.doom.clone() {
            None => {
                entry.state = State::Ready;
                self.ready.insert(id);
                VecDeque::new()
            }
            Some(because) => {
                entry.state = State::Skipped(because.clone());
                unrun.push(Unrun::Skipped(id, because));
                self.settle(id)
            }
        }
    }

    /// Counts a step that has just ended and lists what its end settles.
    fn settle(&mut self, id: StepId) -> VecDeque<On> {
        self.ended += 1;
        let mut settled = VecDeque::from([On::Step(id)]);
        let Some(entry) = self.steps.get(&id) else { return settled };
        if entry.state == State::Done {
            self.reached.extend(entry.reaches.iter().cloned());
        }
        settled.extend(entry.reaches.iter().cloned().map(On::Milestone));
        if let Some(layer) = &entry.enters {
            let owned = self.on_milestone.keys().filter(|milestone| milestone.layer().is_within(layer));
            settled.extend(owned.cloned().map(On::Milestone));
        }
        settled
    }

    /// Tells everyone who waits for what was settled, and so on until nothing changes.
    fn spread(&mut self, mut settled: VecDeque<On>, unrun: &mut Vec<Unrun>) {
        while let Some(on) = settled.pop_front() {
            let verdict = self.verdict(&on);
            if verdict == Verdict::Open {
                continue;
            }
            let waiting = match &on {
                On::Step(id) => self.on_step.remove(id),
                On::Milestone(milestone) => self.on_milestone.remove(milestone),
            };
            for id in waiting.into_iter().flatten() {
                let Some(entry) = self.steps.get_mut(&id) else { continue };
                entry.open = entry.open.saturating_sub(1);
                if let Verdict::Bad(because) = &verdict {
                    let must_succeed =
                        entry.needs.iter().any(|need| need.on == on && need.must == Must::Succeed);
                    if must_succeed && entry.doom.is_none() {
                        entry.doom = Some(because.clone());
                    }
                }
                settled.extend(self.advance(id, unrun));
            }
        }
    }
}

fn verdict_of_step(id: StepId, entry: &Entry) -> Verdict {
    match &entry.state {
        State::Waiting | State::Ready | State::Running => Verdict::Open,
        State::Done => Verdict::Good,
        State::Failed | State::Cancelled => Verdict::Bad(Because::Step(id)),
        State::Skipped(because) => Verdict::Bad(because.clone()),
    }
}

#[cfg(test)]
mod tests;
