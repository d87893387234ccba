//! Daemons that die and return, and what they start by themselves: restart policies.

use std::time::Duration;

use crate::model::container::RestartPolicy;
use crate::model::observed::ContainerState;

use super::lifecycle::KILLED_WITH_ITS_ENGINE;
use super::state::{Container, EngineIndex};
use super::world::World;

impl World {
    /// What the end of a node does to the engine inside: it answers no more, and what ran on it has ended.
    pub(super) fn silence(&mut self, engine: EngineIndex, index: usize, code: i64) {
        let container = &self.engines[engine].containers[index];
        let (key, forget) = (container.data_key(), container.data_is_memory());
        let Some(inner) = self.engines[engine].inside.get(&key).copied() else { return };
        self.daemon_dies(inner, code);
        if forget {
            self.engines[engine].inside.remove(&key);
        }
    }

    /// An engine answers no more; what ran on it has ended with `code`. What its restart policy is about to start
    /// waits until it is back.
    pub(super) fn daemon_dies(&mut self, engine: EngineIndex, code: i64) {
        let before = std::mem::replace(&mut self.by_engine, true);
        for position in 0..self.engines[engine].containers.len() {
            self.engines[engine].containers[position].due = None;
            if !self.engines[engine].containers[position].is_up() {
                continue;
            }
            self.silence(engine, position, code);
            let now = self.tick();
            let container = &mut self.engines[engine].containers[position];
            container.state = ContainerState::Exited;
            container.exit_code = code;
            container.finished = Some(now);
            container.health = None;
            let ports = std::mem::take(&mut container.ports);
            // Nobody was there to take note that it left its networks.
            container.stale = (code == KILLED_WITH_ITS_ENGINE).then(|| (container.networks.clone(), ports));
            container.drop_addresses();
            container.followers.cut("read logs");
            self.note(engine, position, "die");
        }
        self.engines[engine].subscribers.cut("follow events");
        self.engines[engine].serves = false;
        self.by_engine = before;
    }

    /// An engine answers again: containers come back by their restart policy, all of them at once and in no order
    /// that a lab could count on.
    pub(super) fn daemon_returns(&mut self, engine: EngineIndex) {
        self.engines[engine].serves = true;
        let id = self.new_id();
        if let Some(at) = self.engines[engine].network("bridge") {
            // A daemon makes its own network anew.
            self.engines[engine].networks[at].seen.id = id;
        }
        let before = std::mem::replace(&mut self.by_engine, true);
        for position in 0..self.engines[engine].containers.len() {
            let container = &mut self.engines[engine].containers[position];
            if container.state == ContainerState::Restarting {
                container.state = ContainerState::Exited;
            }
            let comes_back = container.started.is_some()
                && container.state == ContainerState::Exited
                && container.policy_starts_it();
            if comes_back {
                let name = container.name.clone();
                // One that cannot start stays down, as it does on a real engine.
                let _ = self.start(engine, position, &name);
            }
        }
        self.by_engine = before;
    }

    /// Starts what restart policies start by now.
    pub(super) fn restart_what_is_due(&mut self) {
        let now = tokio::time::Instant::now();
        let mut due = Vec::new();
        for (engine, state) in self.engines.iter().enumerate() {
            let here =
                state.containers.iter().enumerate().filter(|(_, it)| it.due.is_some_and(|at| at <= now));
            due.extend(here.map(|(index, _)| (engine, index)));
        }
        for (engine, index) in due {
            let container = &mut self.engines[engine].containers[index];
            container.due = None;
            if container.state != ContainerState::Restarting {
                continue;
            }
            let name = container.name.clone();
            let before = std::mem::replace(&mut self.by_engine, true);
            if self.start(engine, index, &name).is_err() {
                self.engines[engine].containers[index].state = ContainerState::Exited;
            }
            self.by_engine = before;
        }
    }

    /// What the start of a node does to the engine inside.
    pub(super) fn boot(&mut self, engine: EngineIndex, index: usize) {
        let key = self.engines[engine].containers[index].data_key();
        let Some(inner) = self.engines[engine].inside.get(&key).copied() else { return };
        self.daemon_returns(inner);
    }

    /// Writes down what no reader of events hears of.
    fn note(&mut self, engine: EngineIndex, index: usize, action: &str) {
        self.engines[engine].subscribers.cut("follow events");
        self.tell_container(engine, index, action);
        self.engines[engine].past.pop();
    }
}

impl Container {
    /// Whether its restart policy starts it again after an end, also when its daemon returns. What was stopped by hand
    /// and has failed comes back with its daemon, too.
    pub(super) fn policy_starts_it(&self) -> bool {
        match self.spec.restart {
            RestartPolicy::No => false,
            RestartPolicy::Always => true,
            RestartPolicy::UnlessStopped => !self.stopped_by_hand,
            RestartPolicy::OnFailure(most) => {
                self.exit_code != 0 && (most == 0 || self.restarts < i64::from(most))
            }
        }
    }
}

/// Time from an end to the next start by a restart policy (moby `restartmanager`: 100 ms, doubled each time, at most a
/// minute).
pub(super) fn pause(restarts: i64) -> Duration {
    let doublings = u32::try_from(restarts - 1).unwrap_or(0).min(10);
    Duration::from_millis(100 << doublings).min(Duration::from_secs(60))
}
