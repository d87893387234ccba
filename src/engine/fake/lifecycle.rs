//! Starting and ending containers, and what that does to the engines inside them.

use crate::engine::engine::{Change, OutputKind};
use crate::engine::error::EngineError;
use crate::model::container::{Endpoint, NetworkMode, RestartPolicy};
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::observed::{ContainerState, Health};

use super::behaviour::{Boot, HealthScript};
use super::daemon::pause;
use super::state::{EngineIndex, Joined, MountedWhat};
use super::world::{World, refuse};

/// Exit code of what dies with its engine.
const KILLED_WITH_ITS_ENGINE: i64 = 255;
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
                    self.start(engine, index, target)
                }
            },
            Change::Stop(_) => {
                container.stopped_by_hand = true;
                match state {
                    ContainerState::Running | ContainerState::Paused => {
                        let code = exit_code_of(container.spec.stop_signal.as_deref());
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
                let signal = signal.as_deref().map(|signal| signal.trim_start_matches("SIG"));
                let kills = matches!(signal, None | Some("KILL" | "9"));
                if !container.is_up() && state != ContainerState::Restarting {
                    if kills {
                        return Ok(());
                    }
                    let why = format!("cannot kill container: {target}: container {id} is not running");
                    return Err(refuse(op, target, Conflict, why));
                }
                let code = match signal {
                    _ if kills => 137,
                    Some("TERM" | "15" | "QUIT" | "INT") => 143,
                    // A signal that the program takes and lives on with.
                    _ => return Ok(()),
                };
                container.stopped_by_hand = true;
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
                self.engines[engine].containers[index].name.clone_from(name);
                self.tell_container(engine, index, "rename");
                Ok(())
            }
            Change::Connect { network, endpoint } => self.connect(engine, index, target, network, endpoint),
            Change::Disconnect { network } => {
                let name = self.engines[engine].network_name(network).unwrap_or_else(|| network.clone());
                self.engines[engine].containers[index].networks.remove(&name);
                Ok(())
            }
        }
    }

    fn connect(
        &mut self,
        engine: EngineIndex,
        index: usize,
        target: &str,
        network: &str,
        endpoint: &Endpoint,
    ) -> Result<(), EngineError> {
        let op = "connect container";
        let Some(name) = self.engines[engine].network_name(network) else {
            return Err(refuse(op, target, NotFound, format!("network {network} not found")));
        };
        let id =
            self.engines[engine].network(&name).map(|at| self.engines[engine].networks[at].seen.id.clone());
        let container = &mut self.engines[engine].containers[index];
        let up = container.is_up();
        if up && matches!(container.spec.network_mode, Some(NetworkMode::Container(_))) {
            let why = "container sharing network namespace with another container or host cannot be connected to any other network";
            return Err(EngineError { status: Some(400), ..refuse(op, target, Refused, why) });
        }
        // Docker refuses it; the port's adapters answer that it is as it should be. What a stopped container has in a
        // network that is gone is written over.
        if container.networks.get(&name).is_some_and(|joined| up || joined.network == id) {
            return Ok(());
        }
        // One that does not run joins at its start, and asks for the network by its name.
        let network = id.filter(|_| up);
        container
            .networks
            .insert(name.clone(), Joined { endpoint: endpoint.clone(), network, address: None });
        if up && let Err(error) = self.give_address(engine, index, &name, op, target) {
            self.engines[engine].containers[index].networks.remove(&name);
            return Err(error);
        }
        Ok(())
    }

    /// Starts a container that does not run.
    pub(super) fn start(
        &mut self,
        engine: EngineIndex,
        index: usize,
        target: &str,
    ) -> Result<(), EngineError> {
        let op = "start container";
        let behaviour = self.behaviour(&self.engines[engine].containers[index]);
        let checked = self.check_start(engine, index, target);
        let ports = match checked.and_then(|()| self.claim_ports(engine, index, target)) {
            Ok(ports) => ports,
            Err(error) => {
                let reason = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                self.engines[engine].containers[index].error = reason;
                return Err(error);
            }
        };
        if let Some(reason) = behaviour.start_error {
            let container = &mut self.engines[engine].containers[index];
            container.error.clone_from(&reason);
            container.exit_code = 127;
            return Err(refuse(op, target, Refused, reason));
        }
        let container = &self.engines[engine].containers[index];
        // What shares the network of another one takes no part in its own.
        let shares = matches!(container.spec.network_mode, Some(NetworkMode::Container(_)));
        let networks: Vec<String> = container.networks.keys().filter(|_| !shares).cloned().collect();
        for network in &networks {
            if let Err(error) = self.give_address(engine, index, network, op, target) {
                let container = &mut self.engines[engine].containers[index];
                container.drop_addresses();
                container.error = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                return Err(error);
            }
        }
        let now = self.tick();
        let container = &mut self.engines[engine].containers[index];
        container.state = ContainerState::Running;
        container.ports = ports;
        container.started = Some(now);
        container.error = String::new();
        container.exit_code = 0;
        for mount in &mut container.mounts {
            if let MountedWhat::Tmpfs(files) = &mut mount.what {
                files.clear();
            }
        }
        for line in &behaviour.console {
            container.print(now, OutputKind::Stdout, line);
        }
        let checks = container.spec.healthcheck.as_ref().is_some_and(|check| !check.is_disabled());
        container.health = checks.then_some(Health::Starting);
        container.inspects_left = match behaviour.health {
            HealthScript::AfterInspects(n, _) => n,
            HealthScript::AtOnce(_) | HealthScript::ByHand => 0,
        };
        container.boot_left = if let Boot::AfterCalls(n) = behaviour.boot { n } else { 0 };
        self.tell_container(engine, index, "start");
        if let Some(code) = behaviour.exit {
            let before = std::mem::replace(&mut self.by_engine, true);
            self.end(engine, index, code, KILLED_WITH_ITS_ENGINE);
            self.by_engine = before;
            return Ok(());
        }
        if checks && let HealthScript::AtOnce(health) = behaviour.health {
            self.set_health(engine, index, health);
        }
        self.boot(engine, index);
        Ok(())
    }

    fn check_start(&self, engine: EngineIndex, index: usize, target: &str) -> Result<(), EngineError> {
        let op = "start container";
        let state = &self.engines[engine];
        let container = &state.containers[index];
        for (name, joined) in &container.networks {
            // Once it was in one, it asks for that very one.
            let network = joined.network.as_ref().unwrap_or(name);
            if state.network(network).is_none() {
                return Err(refuse(op, target, NotFound, format!("network {network} not found")));
            }
        }
        for mount in &container.mounts {
            if let MountedWhat::Volume { name, .. } = &mount.what
                && state.volume(name).is_none()
            {
                return Err(refuse(op, target, NotFound, format!("get {name}: no such volume")));
            }
        }
        for other in [&container.spec.pid, &container.spec.ipc] {
            let Some(other) = other.as_deref().and_then(|mode| mode.strip_prefix("container:")) else {
                continue;
            };
            let Some(index) = state.find(other) else {
                return Err(refuse(op, target, NotFound, format!("No such container: {other}")));
            };
            if !state.containers[index].is_up() {
                let why = format!("cannot join the namespace of a non running container: {other}");
                return Err(refuse(op, target, Conflict, why));
            }
        }
        if let Some(NetworkMode::Container(other)) = &container.spec.network_mode {
            let runs = state.find(other).is_some_and(|other| state.containers[other].is_up());
            if !runs {
                let why = format!("cannot join network namespace of a non running container: {other}");
                return Err(refuse(op, target, Conflict, why));
            }
        }
        Ok(())
    }

    /// The program ends: by itself, or because it is stopped or killed. `inner` is the exit code of what runs
    /// on the engine inside.
    pub(super) fn end(&mut self, engine: EngineIndex, index: usize, code: i64, inner: i64) {
        self.silence(engine, index, inner);
        let now = self.tick();
        let container = &mut self.engines[engine].containers[index];
        let again = !container.stopped_by_hand
            && match container.spec.restart {
                RestartPolicy::No => false,
                RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
                RestartPolicy::OnFailure(most) => {
                    code != 0 && (most == 0 || container.restarts < i64::from(most))
                }
            };
        container.state = if again { ContainerState::Restarting } else { ContainerState::Exited };
        container.restarts += i64::from(again);
        container.due = again.then(|| tokio::time::Instant::now() + pause(container.restarts));
        container.exit_code = code;
        container.finished = Some(now);
        container.health = None;
        container.ports.clear();
        container.drop_addresses();
        if !again {
            container.followers.end();
        }
        self.tell_container(engine, index, "die");
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

/// What a program ends with that its stop signal has ended.
fn exit_code_of(signal: Option<&str>) -> i64 {
    match signal.map(|signal| signal.trim_start_matches("SIG")) {
        Some("KILL" | "9") => 137,
        _ => 143,
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
