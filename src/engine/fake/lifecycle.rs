//! Starting and ending containers, and what that does to the engines inside them.

use crate::engine::engine::Change;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::label::Labels;
use crate::model::observed::{ContainerState, Health};

use super::behaviour::HealthScript;
use super::daemon::pause;
use super::state::{Container, EngineIndex};
use super::world::{World, refuse};

/// Exit code of what dies with its engine.
pub(super) const KILLED_WITH_ITS_ENGINE: i64 = 255;
/// Exit code of what its engine stops when it is stopped itself.
const STOPPED_WITH_ITS_ENGINE: i64 = 137;

impl World {
    /// Changes a container. What leaves nothing to do is success, as the adapter has it: starting a running one,
    /// stopping, killing, pausing, connecting twice.
    pub(super) fn act(
        &mut self,
        engine: EngineIndex,
        target: &str,
        change: &Change,
    ) -> Result<(), EngineError> {
        let op = op_of(change);
        let index = self.engines[engine]
            .find(target)
            .ok_or_else(|| refuse(op, target, NotFound, format!("No such container: {target}")))?;
        let container = &mut self.engines[engine].containers[index];
        let state = container.state;
        let id = container.id.clone();
        match change {
            Change::Start => match state {
                ContainerState::Running | ContainerState::Restarting => Ok(()),
                ContainerState::Paused => {
                    Err(refuse(op, target, Conflict, "cannot start a paused container, try unpause instead"))
                }
                ContainerState::Removing | ContainerState::Dead => {
                    let why = "container is marked for removal and cannot be started";
                    Err(refuse(op, target, Conflict, why))
                }
                _ => {
                    container.stopped_by_hand = false;
                    container.stays_ended = false;
                    container.restarts = 0;
                    self.start(engine, index, target)
                }
            },
            Change::Stop(_) => {
                container.stopped_by_hand = true;
                container.stays_ended = true;
                match state {
                    ContainerState::Running | ContainerState::Paused => {
                        let signal = number_of(container.spec.stop_signal.as_deref().unwrap_or("TERM"));
                        let code = if signal == 9 { 137 } else { 143 };
                        self.tell_kill(engine, index, signal);
                        self.end(engine, index, code, STOPPED_WITH_ITS_ENGINE);
                    }
                    ContainerState::Restarting => {
                        container.state = ContainerState::Exited;
                        container.due = None;
                    }
                    _ => {}
                }
                Ok(())
            }
            Change::Kill(signal) => {
                let signal = number_of(signal.as_deref().unwrap_or("KILL"));
                let kills = signal == 9;
                if !container.is_up() && state != ContainerState::Restarting {
                    if kills {
                        return Ok(());
                    }
                    let why = format!("cannot kill container: {target}: container {id} is not running");
                    return Err(refuse(op, target, Conflict, why));
                }
                // Whatever the signal does, it counts as a stop by hand; only one that stops it keeps its end for good.
                container.stopped_by_hand = true;
                container.stays_ended = kills
                    || container.spec.stop_signal.as_deref().is_none_or(|stop| number_of(stop) == signal);
                self.tell_kill(engine, index, signal);
                let code = match signal {
                    9 => 137,
                    2 | 3 | 15 => 143,
                    // A signal that the program takes and lives on with.
                    _ => return Ok(()),
                };
                self.end(engine, index, code, KILLED_WITH_ITS_ENGINE);
                Ok(())
            }
            Change::Pause => match state {
                ContainerState::Running => {
                    container.state = ContainerState::Paused;
                    self.tell_container(engine, index, "pause");
                    Ok(())
                }
                ContainerState::Paused => Ok(()),
                _ => Err(refuse(op, target, Conflict, format!("container {id} is not running"))),
            },
            Change::Unpause => {
                if state == ContainerState::Paused {
                    container.state = ContainerState::Running;
                    self.tell_container(engine, index, "unpause");
                }
                Ok(())
            }
            Change::Rename(name) => {
                if container.name == *name {
                    let why = "Renaming a container with the same name as its current name";
                    return Err(EngineError { status: Some(400), ..refuse(op, target, Refused, why) });
                }
                let taken = self.engines[engine]
                    .containers
                    .iter()
                    .find(|other| other.name == *name && other.id != id);
                if let Some(other) = taken {
                    let why = format!(
                        "The container name \"/{name}\" is already in use by container \"{}\"",
                        other.id
                    );
                    return Err(refuse(op, target, Conflict, why));
                }
                let container = &mut self.engines[engine].containers[index];
                container.name.clone_from(name);
                container.stale = None;
                self.tell_container(engine, index, "rename");
                Ok(())
            }
            Change::Connect { network, endpoint } => self.connect(engine, index, target, network, endpoint),
            Change::Disconnect { network } => {
                self.disconnect(engine, index, network);
                Ok(())
            }
        }
    }

    /// The program ends: by itself, or because it is stopped or killed. `inner` is the exit code of what runs
    /// on the engine inside.
    pub(super) fn end(&mut self, engine: EngineIndex, index: usize, code: i64, inner: i64) {
        self.silence(engine, index, inner);
        let now = self.tick();
        let container = &mut self.engines[engine].containers[index];
        container.exit_code = code;
        let again = !container.stays_ended && container.policy_starts_it();
        container.state = if again { ContainerState::Restarting } else { ContainerState::Exited };
        container.restarts += i64::from(again);
        container.due = again.then(|| tokio::time::Instant::now() + pause(container.restarts));
        container.finished = Some(now);
        container.health = None;
        container.ports.clear();
        container.pid_of = None;
        if !again {
            container.followers.end();
        }
        let id = container.id.clone();
        self.leave_networks(engine, index);
        self.tell_container(engine, index, "die");
        self.end_with(engine, &id);
    }

    /// The kernel ends what lives with the processes of a container that has ended.
    fn end_with(&mut self, engine: EngineIndex, owner: &str) {
        let before = std::mem::replace(&mut self.by_engine, true);
        let lives_with =
            |it: &Container| it.is_up() && it.pid_of.as_ref().is_some_and(|pid_of| pid_of == owner);
        while let Some(index) = self.engines[engine].containers.iter().position(lives_with) {
            self.end(engine, index, 137, KILLED_WITH_ITS_ENGINE);
        }
        self.by_engine = before;
    }

    /// Tells of a signal.
    pub(super) fn tell_kill(&mut self, engine: EngineIndex, index: usize, signal: i64) {
        let container = &self.engines[engine].containers[index];
        let (id, name) = (container.id.clone(), container.name.clone());
        let more = Labels::from_iter([("signal".to_owned(), signal.to_string())]);
        self.tell_more(engine, "container", "kill", &id, &name, more);
    }

    pub(super) fn set_health(&mut self, engine: EngineIndex, index: usize, health: Health) {
        self.engines[engine].containers[index].health = Some(health);
        self.tell_container(engine, index, &format!("health_status: {}", health.as_str()));
    }

    /// Counts one inspection; at the last one the health check has its verdict, after this answer.
    pub(super) fn inspected(&mut self, engine: EngineIndex, index: usize) {
        let container = &mut self.engines[engine].containers[index];
        if container.health != Some(Health::Starting) || container.inspects_left == 0 {
            return;
        }
        container.inspects_left -= 1;
        if container.inspects_left == 0 {
            let behaviour = self.behaviour(&self.engines[engine].containers[index]);
            if let HealthScript::AfterInspects(_, health) = behaviour.health {
                self.set_health(engine, index, health);
            }
        }
    }

    pub(super) fn tell_container(&mut self, engine: EngineIndex, index: usize, action: &str) {
        let container = &self.engines[engine].containers[index];
        let (id, name) = (container.id.clone(), container.name.clone());
        self.tell(engine, "container", action, &id, &name);
    }
}

/// The number of a signal that a program ends by, or is known to be asked for.
fn number_of(signal: &str) -> i64 {
    match signal.trim_start_matches("SIG") {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        other => other.parse().unwrap_or(15),
    }
}

/// The name of a change as an operation.
pub(super) fn op_of(change: &Change) -> &'static str {
    match change {
        Change::Start => "start container",
        Change::Stop(_) => "stop container",
        Change::Kill(_) => "kill container",
        Change::Pause => "pause container",
        Change::Unpause => "unpause container",
        Change::Rename(_) => "rename container",
        Change::Connect { .. } => "connect container",
        Change::Disconnect { .. } => "disconnect container",
    }
}
