//! Events folded into what a screen shows: for each step how far it is, for each service a row.
//!
//! Pure: no clock, no terminal. The terminal's sink draws the rows, the plain sink asks it for words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::event::event::{Event, EventKind, StepInfo, Unit, WaitReason};
use crate::event::outcome::Outcome;
use crate::model::addr::{Addr, LayerPath};
use crate::model::milestone::{Milestone, Stage};
use crate::plan::cause::Cause;
use crate::plan::step::{Group, On, Resource, StepId};

use super::duration::size;
use super::words::{doing, done};

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum StepStatus {
    /// Not begun.
    Waiting,
    /// Begun.
    Running {
        /// When.
        since: Duration,
        /// What it waits for, if it said so.
        on: Option<WaitReason>,
        /// Done, of how much, of what.
        moved: Option<(u64, Option<u64>, Unit)>,
    },
    /// Ended.
    Ended(Outcome),
}

/// A step and how far it is.
#[derive(Clone, Debug)]
pub struct StepState {
    /// The step.
    pub info: StepInfo,
    /// How far it is.
    pub status: StepStatus,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// Something of the root layer that is no service.
    Root(Resource),
    /// A service, or, with a resource, something else of the layer inside it.
    Service(Addr, Option<Resource>),
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowStatus {
    /// Some step failed.
    Failed,
    /// Some step runs.
    Busy,
    /// Nothing runs, something is still to come.
    Waiting,
    /// It is there, and what would make it ready failed elsewhere.
    Unready,
    /// Something was skipped.
    Skipped,
    /// Broken off.
    Cancelled,
    /// All steps ended well.
    Done,
    /// There was nothing to do.
    Unchanged,
}

/// A line of the screen.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub key: RowKey,
    /// How it stands.
    pub status: RowStatus,
    /// What is being done, awaited, or was done.
    pub text: String,
    /// From the first start of one of its steps to the last end, or to now.
    pub took: Option<Duration>,
}

/// How many rows stand how. Networks and volumes count where they failed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// Services with a step that changed something, all of whose steps ended well.
    pub changed: usize,
    /// Services that are gone: orphans, replicas too many, and all that a `down` takes.
    pub removed: usize,
    /// Services that needed nothing.
    pub unchanged: usize,
    /// Rows with a failed step.
    pub failed: usize,
    /// Services that were held back by a failure.
    pub skipped: usize,
    /// Services that were broken off.
    pub cancelled: usize,
    /// Images that were pulled or built.
    pub images: usize,
    /// Names of images that were pushed.
    pub pushes: usize,
    /// Copies of images on inner engines that were made.
    pub copies: usize,
}

/// All that the events so far say.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    steps: BTreeMap<StepId, StepState>,
    /// Times of the first start and the last end, by row.
    times: BTreeMap<RowKey, (Duration, Option<Duration>)>,
    by_row: BTreeMap<RowKey, Vec<StepId>>,
    planned: BTreeSet<LayerPath>,
}

/// The row of a step.
pub fn row_key(of: &Resource) -> RowKey {
    let inside = |layer: &LayerPath| match layer.node() {
        Some(node) => RowKey::Service(node, Some(of.clone())),
        None => RowKey::Root(of.clone()),
    };
    match of {
        Resource::Service(addr) => RowKey::Service(addr.clone(), None),
        Resource::Layer(layer) => match layer.node() {
            Some(node) => RowKey::Service(node, None),
            None => RowKey::Root(of.clone()),
        },
        Resource::Network(layer, _) | Resource::Volume(layer, _) | Resource::Image(layer, _) => inside(layer),
    }
}

impl Progress {
    /// Takes an event.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::LayerPlanned { layers, steps, unchanged } => {
                self.planned.extend(layers.iter().cloned());
                for addr in unchanged {
                    self.by_row.entry(RowKey::Service(addr.clone(), None)).or_default();
                }
                for info in steps {
                    self.by_row.entry(row_key(&info.of)).or_default().push(info.id);
                    self.steps.insert(info.id, StepState { info: info.clone(), status: StepStatus::Waiting });
                }
            }
            EventKind::StepStarted { step } => {
                if let Some(state) = self.steps.get_mut(step) {
                    state.status = StepStatus::Running { since: event.at, on: None, moved: None };
                    self.times.entry(row_key(&state.info.of)).or_insert((event.at, None));
                }
            }
            EventKind::StepProgress { step, done, total, unit } => {
                if let Some(StepState { status: StepStatus::Running { moved, .. }, .. }) =
                    self.steps.get_mut(step)
                {
                    *moved = Some((*done, *total, *unit));
                }
            }
            EventKind::StepWaiting { step, on } => {
                if let Some(StepState { status: StepStatus::Running { on: waits, .. }, .. }) =
                    self.steps.get_mut(step)
                {
                    *waits = Some(on.clone());
                }
            }
            EventKind::StepFinished { step, outcome, took: _ } => {
                if let Some(state) = self.steps.get_mut(step) {
                    state.status = StepStatus::Ended(outcome.clone());
                    if let Some((_, end)) = self.times.get_mut(&row_key(&state.info.of)) {
                        *end = Some(event.at);
                    }
                }
            }
            // What did not end well is planned again.
            EventKind::LookingAgain { .. } => {
                let ended_well = |id: &StepId| {
                    self.steps.get(id).is_some_and(|it| it.status == StepStatus::Ended(Outcome::Done))
                };
                self.by_row.values_mut().for_each(|steps| steps.retain(ended_well));
            }
            EventKind::RunStarted { .. }
            | EventKind::StepRetrying { .. }
            | EventKind::Surveyed { .. }
            | EventKind::Warned { .. }
            | EventKind::StepSaid { .. }
            | EventKind::Cancelling { .. }
            | EventKind::RunFinished { .. } => {}
        }
    }

    /// A step.
    pub fn step(&self, id: StepId) -> Option<&StepState> {
        self.steps.get(&id)
    }

    /// The steps of a row, in the plan's order.
    pub fn steps_of(&self, key: &RowKey) -> impl Iterator<Item = &StepState> {
        self.by_row.get(key).into_iter().flatten().filter_map(|id| self.steps.get(id))
    }

    /// How a row stands, in a word and in words.
    pub fn verdict(&self, key: &RowKey) -> (RowStatus, String) {
        let steps: Vec<&StepState> = self.steps_of(key).collect();
        self.judge(key, &steps)
    }

    /// The furthest stage that the steps of a row reach.
    pub fn stage_of(&self, key: &RowKey) -> Option<Stage> {
        stage(&self.steps_of(key).collect::<Vec<_>>())
    }

    /// Why something is done with a row.
    pub fn cause_of(&self, key: &RowKey) -> Option<&Cause> {
        let is_new = |state: &&StepState| state.info.group == Some(Group::Recreate);
        let anew = self.steps_of(key).any(|state| is_new(&state));
        let steps = self.steps_of(key).filter(|state| state.info.change && (!anew || is_new(state)));
        let causes = steps.map(|state| &state.info.cause);
        causes.into_iter().find(|cause| !matches!(cause, Cause::Replaces))
    }

    /// How the rows of the run stand.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for key in self.by_row.keys() {
            let steps: Vec<&StepState> = self.steps_of(key).collect();
            let is_service = matches!(key, RowKey::Service(_, None));
            match self.judge(key, &steps).0 {
                RowStatus::Failed => tally.failed += 1,
                RowStatus::Skipped | RowStatus::Unready if is_service => tally.skipped += 1,
                RowStatus::Cancelled if is_service => tally.cancelled += 1,
                RowStatus::Done if is_service && steps.iter().any(|state| state.info.change) => {
                    let last = steps.iter().rfind(|state| state.info.change);
                    let is_gone = last.is_some_and(|state| {
                        state.info.group == Some(Group::Down) && state.info.verb == "remove"
                    });
                    *if is_gone { &mut tally.removed } else { &mut tally.changed } += 1;
                }
                RowStatus::Done | RowStatus::Unchanged if is_service => tally.unchanged += 1,
                RowStatus::Done => match key {
                    RowKey::Root(Resource::Image(..)) => {
                        let is = |verb: &str| steps.iter().any(|state| state.info.verb == verb);
                        tally.pushes += usize::from(is("push"));
                        tally.images += usize::from(is("pull") || is("build"));
                    }
                    RowKey::Service(_, Some(Resource::Image(..))) => tally.copies += 1,
                    _ => {}
                },
                _ => {}
            }
        }
        tally
    }

    /// All rows, nodes before what is inside them. Networks, volumes and images are shown while they are worked on
    /// and when they failed.
    pub fn rows(&self, now: Duration) -> Vec<Row> {
        self.by_row
            .keys()
            .map(|key| self.row(key, now))
            .filter(|row| {
                matches!(row.key, RowKey::Service(_, None))
                    || matches!(row.status, RowStatus::Failed | RowStatus::Busy)
            })
            .collect()
    }

    fn row(&self, key: &RowKey, now: Duration) -> Row {
        let steps: Vec<&StepState> = self.steps_of(key).collect();
        let (status, text) = self.judge(key, &steps);
        let took = self.times.get(key).map(|(start, end)| {
            let running = matches!(status, RowStatus::Busy | RowStatus::Waiting);
            end.filter(|_| !running).unwrap_or(now).saturating_sub(*start)
        });
        Row { key: key.clone(), status, text, took }
    }

    fn judge(&self, key: &RowKey, steps: &[&StepState]) -> (RowStatus, String) {
        if steps.is_empty() {
            return (RowStatus::Unchanged, "unchanged".to_owned());
        }
        for state in steps {
            if let StepStatus::Ended(Outcome::Failed(failure)) = &state.status {
                let why = failure.causes.first().unwrap_or(&failure.summary);
                return (RowStatus::Failed, why.clone());
            }
        }
        // Of several running steps the one that changes something says most.
        let running = steps.iter().filter(|state| matches!(state.status, StepStatus::Running { .. }));
        if let Some(state) = running.max_by_key(|state| state.info.change) {
            let inside = self.inside_text(key).filter(|_| state.info.verb == "join");
            return (RowStatus::Busy, inside.unwrap_or_else(|| running_text(state)));
        }
        let find = |wanted: fn(&Outcome) -> bool| {
            steps.iter().find(|state| matches!(&state.status, StepStatus::Ended(outcome) if wanted(outcome)))
        };
        if find(|outcome| matches!(outcome, Outcome::Cancelled)).is_some() {
            return (RowStatus::Cancelled, "cancelled".to_owned());
        }
        if let Some(state) = find(|outcome| matches!(outcome, Outcome::Skipped { .. })) {
            let StepStatus::Ended(Outcome::Skipped { because }) = &state.status else {
                return (RowStatus::Skipped, "skipped".to_owned());
            };
            let first = because.and_then(|id| self.steps.get(&id)).map(|state| state.info.of.to_string());
            let because = first.map_or(String::new(), |of| format!(": {of} failed"));
            // A node whose inner layer is not all there is not ready, and was not skipped either.
            let is_there = !steps.iter().any(|state| {
                state.info.change && matches!(state.status, StepStatus::Ended(Outcome::Skipped { .. }))
            });
            if is_there {
                return (RowStatus::Unready, format!("not ready{because}"));
            }
            return (RowStatus::Skipped, format!("skipped{because}"));
        }
        if let Some(state) = steps.iter().find(|state| state.status == StepStatus::Waiting) {
            return match self.inside_text(key).filter(|_| state.info.verb == "join") {
                Some(inside) => (RowStatus::Busy, inside),
                None => (RowStatus::Waiting, self.waiting_text(key, state)),
            };
        }
        (RowStatus::Done, done_text(steps))
    }

    /// `2 of 5 ready inside`, for a node whose layer is coming up.
    fn inside_text(&self, key: &RowKey) -> Option<String> {
        let RowKey::Service(node, None) = key else { return None };
        let layer = node.inner();
        let mut ready = 0;
        let mut all = 0;
        for inner in self.by_row.keys() {
            let RowKey::Service(addr, None) = inner else { continue };
            if addr.layer() == layer {
                all += 1;
                let open = |state: &StepState| state.status != StepStatus::Ended(Outcome::Done);
                ready += usize::from(!self.steps_of(inner).any(open));
            }
        }
        (all > 0).then(|| format!("{ready} of {all} ready inside"))
    }

    /// What a step that has not begun is waiting for.
    fn waiting_text(&self, key: &RowKey, state: &StepState) -> String {
        for need in &state.info.needs {
            match &need.on {
                On::Step(id) => {
                    let Some(other) = self.steps.get(id) else { continue };
                    if !matches!(other.status, StepStatus::Ended(_)) && row_key(&other.info.of) != *key {
                        return format!("waiting for {}", other.info.of);
                    }
                }
                On::Milestone(milestone) => {
                    if self.is_open(milestone) {
                        return format!("waiting for {}", milestone_text(milestone));
                    }
                }
            }
        }
        doing(&state.info)
    }

    /// Whether a milestone is still to come, as far as the events tell.
    fn is_open(&self, milestone: &Milestone) -> bool {
        let reaching = self.steps.values().find(|state| state.info.reaches.contains(milestone));
        match reaching {
            Some(state) => !matches!(state.status, StepStatus::Ended(_)),
            None => !self.planned.contains(&milestone.layer()),
        }
    }
}

fn milestone_text(milestone: &Milestone) -> String {
    match milestone {
        Milestone::Service(addr, stage) => match stage {
            Stage::Created => format!("{addr} to be created"),
            Stage::Started => format!("{addr} to start"),
            Stage::Healthy => format!("{addr} to be healthy"),
            Stage::Completed => format!("{addr} to complete"),
            Stage::EngineUp => format!("the engine of {addr}"),
            Stage::Ready => format!("{addr} to be ready"),
        },
        Milestone::Image(_, image) => format!("image {image}"),
        Milestone::Cleared(layer) => format!("{layer} to be cleared"),
        Milestone::Settled(layer) => format!("all inside {layer}"),
    }
}

/// What a running step does.
pub fn running_text(state: &StepState) -> String {
    let StepStatus::Running { on, moved, .. } = &state.status else { return doing(&state.info) };
    let text = match on {
        Some(WaitReason::Health) => "waiting for its health check".to_owned(),
        Some(WaitReason::Exit) => "running to its end".to_owned(),
        Some(WaitReason::Boot) => "booting".to_owned(),
        Some(WaitReason::Engine) => "waiting for its engine".to_owned(),
        Some(WaitReason::Permit) => format!("{} (in line)", doing(&state.info)),
        None => doing(&state.info),
    };
    match moved {
        Some((n, total, Unit::Bytes)) => match total {
            Some(total) => format!("{text} {} of {}", size(*n), size(*total)),
            None => format!("{text} {}", size(*n)),
        },
        Some((n, Some(total), Unit::Layers)) => format!("{text} {n} of {total} layers"),
        Some((n, None, Unit::Layers)) => format!("{text} {n} layers"),
        None => text,
    }
}

/// What became of a row whose steps have all ended well.
fn done_text(steps: &[&StepState]) -> String {
    let changes: Vec<&&StepState> = steps.iter().filter(|state| state.info.change).collect();
    let is_new = changes.iter().any(|state| state.info.group == Some(Group::Recreate));
    let group =
        if is_new { Some(Group::Recreate) } else { changes.iter().find_map(|state| state.info.group) };
    // What stopped with its node and was then made anew was not made anew for that.
    let explains = changes.iter().filter(|state| state.info.group == group);
    let cause = explains.map(|state| &state.info.cause).find(|cause| !matches!(cause, Cause::Replaces));
    match (group, changes.last()) {
        (Some(Group::Recreate), _) => match cause {
            Some(cause) => format!("recreated ({})", cause.in_short()),
            None => "recreated".to_owned(),
        },
        (Some(Group::Down), Some(last)) => done(&last.info).to_owned(),
        (_, None) if stage(steps).is_none() => "unchanged".to_owned(),
        (_, last) => match (stage(steps), last) {
            (Some(stage), _) => stage.to_string(),
            (None, Some(last)) => done(&last.info).to_owned(),
            (None, None) => "unchanged".to_owned(),
        },
    }
}

/// The furthest stage that the steps have reached.
fn stage(steps: &[&StepState]) -> Option<Stage> {
    let reached = steps.iter().flat_map(|state| &state.info.reaches);
    let stages = reached.filter_map(|milestone| match milestone {
        Milestone::Service(_, stage) => Some(*stage),
        Milestone::Image(..) | Milestone::Cleared(_) | Milestone::Settled(_) => None,
    });
    stages.max_by_key(|stage| match stage {
        Stage::Created => 0,
        Stage::Started => 1,
        Stage::EngineUp => 2,
        Stage::Ready => 3,
        Stage::Healthy => 4,
        Stage::Completed => 5,
    })
}
