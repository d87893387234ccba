//! What follows a start: its milestones, and what is waited for.

use crate::model::milestone::Stage;
use crate::model::observed::Health;
use crate::plan::action::{Action, Enter};
use crate::plan::builder::{after, when};
use crate::plan::cause::Cause;
use crate::plan::goal::Wait;
use crate::plan::node_paths;
use crate::plan::step::{Need, StepId};

use super::Bringing;

impl Bringing<'_, '_> {
    /// Milestones after the start, and what must be waited for to reach them.
    pub(super) fn after_start(&mut self, running: &Running) {
        let started = self.milestone(Stage::Started);
        let created = self.milestone(Stage::Created);
        match running.start {
            Some(step) => self.planner.builder.reaches(step, started),
            None => self.planner.builder.reached(started),
        }
        if !self.planner.builder.has(&created) {
            self.planner.builder.reached(created);
        }
        self.wait(running, Stage::Healthy, running.health == Some(Health::Healthy));
        self.wait(running, Stage::Completed, running.done);
        if self.desired.service.node.is_some() {
            self.enter(running);
            self.join_ready();
        } else if self.wants(Stage::Ready) {
            self.plain_ready(running);
        }
    }

    fn wait(&mut self, running: &Running, stage: Stage, reached: bool) {
        let milestone = self.milestone(stage);
        if !self.wants(stage) || self.planner.builder.has(&milestone) {
            return;
        }
        if reached && running.start.is_none() {
            self.planner.builder.reached(milestone);
            return;
        }
        let step = self.push_wait(running, stage);
        self.planner.builder.reaches(step, milestone);
    }

    fn push_wait(&mut self, running: &Running, stage: Stage) -> StepId {
        let timeout = match self.planner.up.wait {
            Wait::Ready(limit) => limit,
            Wait::Started => None,
        };
        let action = Action::Wait { container: running.name.clone(), stage, timeout };
        self.push(Cause::Awaited, action, running.start.map(after).into_iter().collect())
    }

    fn plain_ready(&mut self, running: &Running) {
        let ready = self.milestone(Stage::Ready);
        let healthy = self.milestone(Stage::Healthy);
        if self.planner.builder.has(&ready) {
            return;
        }
        let needs_health = self.planner.up.lab.graph.needs(&ready).iter().any(|(m, _)| **m == healthy);
        // Somebody waits for its end: a job. It is waited for once, so that its failure is told once.
        let completed = Some(self.milestone(Stage::Completed)).filter(|_| self.wants(Stage::Completed));
        let awaited = if needs_health { Some(healthy) } else { completed };
        let settled = running.start.is_none() && matches!(running.health, None | Some(Health::Healthy));
        if settled && awaited.as_ref().is_none_or(|stage| self.planner.builder.is_reached(stage)) {
            self.planner.builder.reached(ready);
        } else if let Some(stage) = awaited {
            let step = self.push(Cause::Awaited, Action::Join, vec![when(stage)]);
            self.planner.builder.reaches(step, ready);
        } else {
            let step = self.push_wait(running, Stage::Ready);
            self.planner.builder.reaches(step, ready);
        }
    }

    /// The engine inside: reached when its layer was observed and the node is not touched, else entered.
    fn enter(&mut self, running: &Running) {
        let inner = self.desired.addr.inner();
        let milestone = self.milestone(Stage::EngineUp);
        let answered = self.planner.known.home(&inner).is_some();
        let untouched = running.start.is_none() && !self.planner.leaving.contains(&inner);
        if answered && untouched {
            self.planner.builder.reached(milestone);
            return;
        }
        let Some(inside) = self.desired.inside.clone() else { return };
        if !self.planner.leaving.contains(&inner) {
            self.planner.leaving.push(inner.clone());
        }
        let paths = node_paths::worth_a_look(self.planner, &inner);
        let action = Action::Enter(Box::new(Enter {
            layer: inner,
            container: running.name.clone(),
            dial: inside.dial,
            boot: inside.boot,
            timeout: inside.timeout,
            paths,
        }));
        let mut needs: Vec<Need> = running.start.map(after).into_iter().collect();
        needs.extend(self.planner.stops_inside(&self.desired.addr));
        let step = self.push(Cause::Inside, action, needs);
        self.planner.builder.reaches(step, milestone);
    }

    fn join_ready(&mut self) {
        let ready = self.milestone(Stage::Ready);
        if !self.wants(Stage::Ready) {
            return;
        }
        let needs =
            self.planner.up.lab.graph.needs(&ready).into_iter().map(|(m, _)| when(m.clone())).collect();
        let step = self.push(Cause::Awaited, Action::Join, needs);
        self.planner.builder.reaches(step, ready);
    }
}

/// A container that runs, or will once a step has ended.
pub(super) struct Running {
    pub(super) name: String,
    pub(super) start: Option<StepId>,
    pub(super) health: Option<Health>,
    pub(super) done: bool,
}
