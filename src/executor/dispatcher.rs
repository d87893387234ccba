//! The dispatcher: owns what is known, the schedule and the sink; one `select!` over step results, messages,
//! the user's signals and ticks. No locks: steps tell it things, it alone changes things.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use crate::diag::diagnostic::Severity;
use crate::engine::retries;
use crate::event::event::{CancelLevel, EventKind, StepInfo};
use crate::event::outcome::Outcome;
use crate::event::sink::Sink;
use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::FailureKind;
use crate::model::milestone::Milestone;
use crate::plan::action::Action;
use crate::plan::goal::{Goal, Planning};
use crate::plan::known::{Known, Layer};
use crate::plan::plan::Plan;
use crate::plan::step::{Resource, Step, StepId};

use super::failure;
use super::fallen;
use super::link::Link;
use super::run::{RunOptions, RunReport};
use super::scheduler::{End, Scheduler};
use super::step::carry_out;
use super::step_context::{Broken, Entered, Gain, Message, StepContext};
use super::survey::{SurveyOptions, Surveyed, known_engines};
use super::tally::Tally;
use super::trace::Trace;

mod again;
mod finish;
mod links;
mod tell;

use again::Again;

/// Pulls at once, over all engines: they share the user's line.
const PULLS: usize = 4;
/// How often the sink may move.
const TICK: Duration = Duration::from_millis(100);

type StepResult = Result<Gain, Broken>;

/// One run.
pub(super) struct Dispatcher<'a> {
    goal: &'a Goal,
    planning: Planning<'a>,
    options: &'a RunOptions,
    sink: &'a mut dyn Sink,
    sink_is_closed: bool,
    cancel: watch::Receiver<Option<CancelLevel>>,
    level: Option<CancelLevel>,
    began: Instant,
    events: u64,
    known: Known,
    /// Engines by the layers that own them.
    links: BTreeMap<LayerPath, Arc<Link>>,
    scheduler: Scheduler,
    next_step: u32,
    steps: BTreeMap<StepId, Arc<Step>>,
    /// When each running step began.
    running: BTreeMap<StepId, Instant>,
    tasks: JoinSet<StepResult>,
    step_of_task: HashMap<task::Id, StepId>,
    pulls: Arc<Semaphore>,
    messages: (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    /// Services that the plans are about.
    in_scope: BTreeSet<Addr>,
    /// Whether something ran that may have changed what was observed.
    is_stale: bool,
    /// How the lab was surveyed.
    survey: SurveyOptions,
    again: Again,
    tally: Tally,
    trace: Trace,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        goal: &'a Goal,
        surveyed: Surveyed,
        options: &'a RunOptions,
        sink: &'a mut dyn Sink,
        cancel: watch::Receiver<Option<CancelLevel>>,
    ) -> Self {
        let mut dispatcher = Self {
            goal,
            planning: goal.planning(),
            options,
            sink,
            sink_is_closed: false,
            cancel,
            level: None,
            began: Instant::now(),
            events: 0,
            known: surveyed.known,
            links: BTreeMap::new(),
            scheduler: Scheduler::new(),
            next_step: 0,
            steps: BTreeMap::new(),
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            step_of_task: HashMap::new(),
            pulls: Arc::new(Semaphore::new(PULLS)),
            messages: mpsc::unbounded_channel(),
            in_scope: BTreeSet::new(),
            is_stale: false,
            survey: surveyed.options,
            again: Again::default(),
            tally: Tally::default(),
            trace: Trace::default(),
        };
        dispatcher.link_all(&surveyed.engines);
        dispatcher.note_running();
        dispatcher
    }

    pub(super) async fn run(mut self, first: Plan) -> RunReport {
        let project = self.goal.project().clone();
        self.emit(EventKind::RunStarted { project: project.clone(), command: self.options.command });
        self.tell_surveyed();
        let layers = self.known.layers.iter().filter(|(_, layer)| matches!(layer, Layer::Answered(_)));
        let layers: Vec<LayerPath> = layers.map(|(path, _)| path.clone()).collect();
        self.join_plan(layers, first);
        let services = loop {
            self.dispatch().await;
            if self.look_again().await {
                continue;
            }
            // The last look may show that somebody else was at the lab.
            let services = self.finish().await;
            if !self.look_again().await {
                break services;
            }
        };
        let summary = &mut self.tally.summary;
        summary.interrupted = self.level.is_some();
        summary.took = self.began.elapsed();
        let report = RunReport {
            summary: summary.clone(),
            failures: std::mem::take(&mut self.tally.failures),
            services,
            timings: self.trace.timings(&self.steps, self.options.before, self.began.elapsed()),
        };
        let RunReport { summary, services, timings, .. } = report.clone();
        self.emit(EventKind::RunFinished { summary, services, timings: Box::new(timings) });
        report
    }

    /// Runs until every step has ended.
    async fn dispatch(&mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            self.heed_cancel().await;
            self.start_ready();
            if self.scheduler.is_stalled() {
                let unrun = self.scheduler.break_stall();
                self.tell_unrun(unrun);
            }
            if self.scheduler.is_finished() {
                return;
            }
            tokio::select! {
                biased;
                Ok(()) = self.cancel.changed() => {}
                Some(message) = self.messages.1.recv() => self.take_message(message),
                Some(joined) = self.tasks.join_next_with_id() => self.take_result(joined),
                _ = tick.tick() => self.sink.tick(),
            }
        }
    }

    /// Does what the user's signal asks for, once a level.
    async fn heed_cancel(&mut self) {
        let level = *self.cancel.borrow_and_update();
        if level <= self.level {
            return;
        }
        let Some(wanted) = level else { return };
        let is_first = self.level.is_none();
        self.level = level;
        self.emit(EventKind::Cancelling { level: wanted });
        if is_first {
            let unrun = self.scheduler.cancel();
            self.tell_unrun(unrun);
        }
        if wanted == CancelLevel::Abort {
            self.tasks.shutdown().await;
            self.step_of_task.clear();
            let running: Vec<StepId> = self.running.keys().copied().collect();
            for id in running {
                self.end(id, End::Cancelled, Outcome::Cancelled);
            }
        }
    }

    /// Starts what may start. Joins do nothing, so they end here and now.
    fn start_ready(&mut self) {
        loop {
            let ready = self.scheduler.ready();
            if ready.is_empty() {
                return;
            }
            for id in ready {
                self.start(id);
            }
        }
    }

    fn start(&mut self, id: StepId) {
        let Some(step) = self.steps.get(&id).cloned() else { return };
        self.scheduler.started(id);
        self.running.insert(id, Instant::now());
        self.trace.began(id, self.began.elapsed());
        self.emit(EventKind::StepStarted { step: id });
        if step.action == Action::Join {
            self.end(id, End::Done, Outcome::Done);
            return;
        }
        self.is_stale = true;
        self.hang_up(&step);
        let Some((home, link)) = self.link_of(&step.layer) else {
            let reason = match self.known.layers.get(&step.layer) {
                Some(Layer::Silent(failure)) => failure.summary.clone(),
                _ => format!("the engine of `{}` was not reached", step.layer),
            };
            self.fail(id, failure::no_engine(&step, reason));
            return;
        };
        let source = match &step.action {
            Action::Copy { from, .. } => self.link_of(from),
            Action::CreateContainer(container) => self.link_of(&container.image.source),
            _ => None,
        };
        let known_engines = match &step.action {
            Action::Enter(_) => known_engines(&self.known),
            _ => Vec::new(),
        };
        let context = StepContext {
            step,
            link,
            source: source.map(|(_, link)| link),
            way: self.way_to(&home),
            project: self.goal.project().clone(),
            root_id: self.known.root_id.clone(),
            home,
            known_engines,
            pulls: self.pulls.clone(),
            files: self.options.files.clone(),
            hook_limit: self.options.hook_limit,
            cancel: self.cancel.clone(),
            messages: self.messages.0.clone(),
        };
        let listener = context.retries();
        let task = self.tasks.spawn(retries::heard_by(listener, async move {
            match carry_out(&context).await {
                Err(Broken::Failed(failure)) => {
                    let blamed = async { Err(fallen::blame(&context, *failure).await) };
                    context.unless_cancelled(blamed).await
                }
                other => other,
            }
        }));
        self.step_of_task.insert(task.id(), id);
    }

    fn take_message(&mut self, message: Message) {
        // What a step said just before its end may come after it.
        match message {
            Message::Progress { step, done, total, unit } if self.running.contains_key(&step) => {
                self.emit(EventKind::StepProgress { step, done, total, unit });
            }
            Message::Waiting { step, on } if self.running.contains_key(&step) => {
                self.emit(EventKind::StepWaiting { step, on });
            }
            Message::Said { step, line } if self.running.contains_key(&step) => {
                self.emit(EventKind::StepSaid { step, line });
            }
            Message::Retrying { step, because, pause } if self.running.contains_key(&step) => {
                self.emit(EventKind::StepRetrying { step, because, pause });
            }
            Message::Placed { step, waited } => self.trace.queued(step, waited),
            Message::Progress { .. }
            | Message::Waiting { .. }
            | Message::Said { .. }
            | Message::Retrying { .. } => {}
        }
    }

    fn take_result(&mut self, joined: Result<(task::Id, StepResult), JoinError>) {
        let (task, result) = match joined {
            Ok((task, result)) => (task, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(id) = self.step_of_task.remove(&task) else { return };
        let Some(step) = self.steps.get(&id).cloned() else { return };
        match result {
            Ok(Ok(Gain::Nothing)) => {
                self.known.done(&step.layer, &step.action);
                self.note_done(&step.action);
                self.end(id, End::Done, Outcome::Done);
            }
            Ok(Ok(Gain::Entered(entered))) => self.take_layer(&step, *entered),
            Ok(Err(Broken::Failed(failure))) => self.fail(id, *failure),
            Ok(Err(Broken::Fallen(node, failure))) => self.fail_of(id, Resource::Service(node), *failure),
            Ok(Err(Broken::Cancelled)) => self.end(id, End::Cancelled, Outcome::Cancelled),
            Err(error) => {
                let reason = format!("nestctl itself failed: {error}");
                self.fail(id, failure::of_step_because(&step, FailureKind::Engine, vec![reason]));
            }
        }
    }

    /// A layer was entered: what was observed is kept, the layer is planned, its steps join the schedule.
    fn take_layer(&mut self, enter: &Step, entered: Entered) {
        if self.level.is_some() {
            self.end(enter.id, End::Done, Outcome::Done);
            return;
        }
        let layer = entered.layer.clone();
        self.keep(entered);
        // Layers below a `socket` node may have gone on all the while; its plan is theirs too.
        let below = self
            .known
            .layers
            .iter()
            .filter(|(path, known)| path.is_within(&layer) && matches!(known, Layer::Answered(_)));
        let scope: BTreeSet<LayerPath> = below.map(|(path, _)| path.clone()).collect();
        let plan = self.planning.plan(&self.known, &scope, StepId(self.next_step));
        let errors = plan.problems.sorted().into_iter().filter(|problem| problem.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|problem| problem.message.clone()).collect();
        if errors.is_empty() {
            // The layer's steps are promised before the `Enter` that owned them ends.
            self.tell_end(enter.id, Outcome::Done);
            self.trace.planned(StepId(self.next_step), enter.id);
            self.join_plan(scope.into_iter().collect(), plan);
            let unrun = self.scheduler.finish(enter.id, End::Done);
            self.tell_unrun(unrun);
        } else {
            self.tally.summary.problems += errors.len();
            self.fail(enter.id, failure::of_step_because(enter, FailureKind::Conflict, errors));
        }
    }

    /// A plan's steps join the schedule.
    fn join_plan(&mut self, layers: Vec<LayerPath>, plan: Plan) {
        for problem in plan.problems.sorted() {
            if problem.severity == Severity::Warning {
                self.emit(EventKind::Warned { diagnostic: problem.clone() });
            }
        }
        // A join tells of others: the node itself may need nothing.
        let steps = plan.steps.iter().filter(|step| step.action != Action::Join);
        let services = steps.filter_map(|step| match &step.of {
            Resource::Service(addr) => Some(addr.clone()),
            _ => None,
        });
        let busy: BTreeSet<Addr> = services.collect();
        let reached = plan.reached.iter().filter_map(|milestone| match milestone {
            Milestone::Service(addr, _) => Some(addr.clone()),
            _ => None,
        });
        let reached: BTreeSet<Addr> = reached.collect();
        let unchanged = reached.difference(&busy).cloned().collect();
        self.in_scope.extend(busy);
        self.in_scope.extend(reached);
        let steps = plan.steps.iter().map(StepInfo::of);
        self.emit(EventKind::LayerPlanned { layers, steps: steps.collect(), unchanged });
        let promised = plan.steps.iter().flat_map(|step| &step.reaches).chain(&plan.reached);
        self.known.promised.extend(promised.cloned());
        let unrun = self.scheduler.add(&plan);
        for step in plan.steps {
            self.next_step = self.next_step.max(step.id.0 + 1);
            self.steps.insert(step.id, Arc::new(step));
        }
        self.tell_unrun(unrun);
    }
}
