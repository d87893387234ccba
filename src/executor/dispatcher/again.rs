//! Looking again: where steps failed because somebody else was at the lab (another nestctl on another machine, a hand),
//! what is there now is observed, planned and carried out, in the same run.

use std::collections::BTreeSet;

use crate::event::event::EventKind;
use crate::executor::patience::pause_before_look;
use crate::executor::scheduler::Scheduler;
use crate::executor::survey::survey_knowing;
use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::{Failure, FailureKind};
use crate::model::observed::{ContainerState, ObservedContainer};
use crate::plan::action::Action;
use crate::plan::goal::Goal;
use crate::plan::known::Layer;
use crate::plan::ours;
use crate::plan::step::{Resource, StepId};

use super::Dispatcher;

/// How often the run has looked again, and why it has to.
#[derive(Debug, Default)]
pub(super) struct Again {
    looks: u32,
    /// The first failure that says so.
    pub(super) because: Option<String>,
    /// The containers that ran when the lab was looked at, by their IDs; what is started since is not among them.
    ran: BTreeSet<String>,
}

impl Dispatcher<'_> {
    /// Looks and plans again if a step says that this would help; whether there is something to dispatch.
    pub(super) async fn look_again(&mut self) -> bool {
        let Some(because) = self.again.because.take() else { return false };
        if self.level.is_some() || self.has_made_one_off() {
            return false;
        }
        let n = self.again.looks + 1;
        let Some(pause) = pause_before_look(n) else { return false };
        let root = LayerPath::root();
        let (Some(link), Some(facts)) = (self.links.get(&root).cloned(), self.known.facts(&root).cloned())
        else {
            return false;
        };
        self.again.looks = n;
        self.emit(EventKind::LookingAgain { because, attempt: n });
        let mut cancel = self.cancel.clone();
        let look = async {
            tokio::time::sleep(pause).await;
            survey_knowing(link.engine.clone(), facts, &self.survey).await
        };
        let looked = tokio::select! {
            biased;
            Ok(_) = cancel.wait_for(Option::is_some) => None,
            looked = look => Some(looked),
        };
        let surveyed = match looked {
            None => {
                self.heed_cancel().await;
                return false;
            }
            Some(Err(error)) => {
                self.tally.problem(Resource::Layer(root), error.to_failure());
                return false;
            }
            Some(Ok(surveyed)) => surveyed,
        };
        self.known.layers = surveyed.known.layers;
        self.known.promised.clear();
        self.links.clear();
        self.link_all(&surveyed.engines);
        let answered = self.known.layers.iter().filter(|(_, layer)| matches!(layer, Layer::Answered(_)));
        let scope: BTreeSet<LayerPath> = answered.map(|(path, _)| path.clone()).collect();
        let plan = self.planning.plan(&self.known, &scope, StepId(self.next_step));
        if plan.problems.has_errors() {
            let causes: Vec<String> = plan.problems.sorted().iter().map(|it| it.message.clone()).collect();
            let summary = "failed to plan again".to_owned();
            let failure = Failure { kind: FailureKind::Conflict, summary, causes, logs: None };
            self.tally.problem(Resource::Layer(root), failure);
            return false;
        }
        self.note_running();
        self.tally.start_over();
        self.scheduler = Scheduler::new();
        self.tell_surveyed();
        self.join_plan(scope.into_iter().collect(), plan);
        true
    }

    /// Whether the container of a `run` is there: it would be made a second time.
    fn has_made_one_off(&self) -> bool {
        let Goal::Up(up) = self.goal else { return false };
        let one = up.way.one_off.as_ref();
        one.is_some_and(|one| self.known.made.iter().any(|(_, name)| *name == one.name))
    }

    /// Remembers what runs, at the beginning and after each look.
    pub(super) fn note_running(&mut self) {
        let ours = ours::containers(&self.known, self.goal.project());
        let running = ours.iter().filter(|ours| ours.container.state == ContainerState::Running);
        self.again.ran = running.map(|ours| ours.container.id.clone()).collect();
    }

    /// What this run has ended itself is nobody else's doing.
    pub(super) fn note_done(&mut self, action: &Action) {
        if let Action::Stop { container, .. } | Action::Kill { container, .. } = action {
            self.again.ran.remove(container);
        }
    }

    /// A container that this run took for running and that has ended since, where there is something to do about it: a
    /// `stop` of somebody who was killed, or of another machine, goes on in the engine for as long as the grace lasts.
    pub(super) fn ended_meanwhile(&self, kept: &BTreeSet<Addr>) -> Option<String> {
        let has_ended =
            |one: &ObservedContainer| matches!(one.state, ContainerState::Exited | ContainerState::Dead);
        let ended = ours::containers(&self.known, self.goal.project()).into_iter().find(|ours| {
            self.again.ran.contains(&ours.container.id)
                && has_ended(ours.container)
                && kept.contains(&ours.addr)
        })?;
        let mut known = self.known.clone();
        known.promised.clear();
        let scope = known.layers.keys().cloned().collect();
        let plan = self.planning.plan(&known, &scope, StepId(self.next_step));
        let is_wanted = plan.steps.iter().any(|step| step.action.is_change());
        is_wanted.then(|| format!("`{}` has ended meanwhile", ended.addr))
    }
}
