//! Starting containers: what must hold for it, and what a start that fails leaves.

use crate::engine::engine::OutputKind;
use crate::engine::error::EngineError;
use crate::model::container::NetworkMode;
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::observed::{ContainerState, Health, ObservedPort};

use super::behaviour::{Boot, HealthScript};
use super::lifecycle::KILLED_WITH_ITS_ENGINE;
use super::objects::in_order;
use super::state::{EngineIndex, MountedWhat};
use super::world::{World, refuse};

/// Exit code of what could not be started, where it had none.
const COULD_NOT_START: i64 = 128;
/// Exit code of what could not be started for its program.
const NO_PROGRAM: i64 = 127;

impl World {
    /// Starts a container that does not run.
    pub(super) fn start(
        &mut self,
        engine: EngineIndex,
        index: usize,
        target: &str,
    ) -> Result<(), EngineError> {
        let behaviour = self.behaviour(&self.engines[engine].containers[index]);
        let (mut ports, mut code) = (Vec::new(), COULD_NOT_START);
        let started = self
            .check_owner_of_network(engine, index, target)
            .and_then(|()| self.join_networks(engine, index, target))
            .and_then(|()| self.claim_ports(engine, index, target))
            .map(|claimed| ports = claimed)
            .and_then(|()| self.check_start(engine, index, target))
            .and_then(|()| match &behaviour.start_error {
                Some(reason) => {
                    code = NO_PROGRAM;
                    Err(no_program(target, reason))
                }
                None => Ok(()),
            });
        if let Err(error) = started {
            self.could_not_start(engine, index, ports, &error, code);
            return Err(error);
        }
        let pid_of = self.owner_of(engine, index);
        let now = self.tick();
        let container = &mut self.engines[engine].containers[index];
        container.state = ContainerState::Running;
        container.ports = ports;
        container.started = Some(now);
        container.pid_of = pid_of;
        container.error = String::new();
        container.stale = None;
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

    /// Writes down why a start failed. The engine's list shows what the container had by then until something else of it
    /// changes; what it says of the container alone is right.
    fn could_not_start(
        &mut self,
        engine: EngineIndex,
        index: usize,
        ports: Vec<ObservedPort>,
        error: &EngineError,
        code: i64,
    ) {
        let container = &mut self.engines[engine].containers[index];
        let had_some = container.networks.values().any(|joined| joined.address.is_some());
        container.stale = had_some.then(|| (container.networks.clone(), ports));
        container.error = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
        if container.exit_code == 0 || code == NO_PROGRAM {
            container.exit_code = code;
        }
        self.leave_networks(engine, index);
    }

    fn join_networks(&mut self, engine: EngineIndex, index: usize, target: &str) -> Result<(), EngineError> {
        let container = &self.engines[engine].containers[index];
        // What shares the network of another one takes no part in its own.
        let shares = matches!(container.spec.network_mode, Some(NetworkMode::Container(_)));
        let networks = container.networks.iter().filter(|_| !shares);
        let networks: Vec<(String, Option<String>)> =
            networks.map(|(name, joined)| (name.clone(), joined.network.clone())).collect();
        // The one that it was made for is missed also where it was taken out of it since.
        if let Some((made_for, _)) = in_order(&container.spec).first().filter(|_| !networks.is_empty())
            && container.spec.network_mode.is_none()
            && self.engines[engine].network(made_for).is_none()
        {
            let why = format!("could not find a network matching network mode {made_for}");
            return Err(refuse("start container", target, NotFound, why));
        }
        for (network, id) in networks {
            // Once it was in one, it asks for that very one, but for those that a daemon makes.
            let is_builtin = ["bridge", "host", "none"].contains(&network.as_str());
            let asked = id.as_ref().filter(|_| !is_builtin).unwrap_or(&network);
            if self.engines[engine].network(asked).is_none() {
                let why = format!("network {asked} not found");
                return Err(refuse("start container", target, NotFound, why));
            }
            self.give_address(engine, index, &network, "start container", target)?;
            self.tell_network(engine, index, &network, "connect");
        }
        Ok(())
    }

    /// ID of the container whose processes one is to see.
    fn owner_of(&self, engine: EngineIndex, index: usize) -> Option<String> {
        let state = &self.engines[engine];
        let owner = state.containers[index].spec.pid.as_deref()?.strip_prefix("container:")?;
        state.find(owner).map(|owner| state.containers[owner].id.clone())
    }

    fn check_owner_of_network(
        &self,
        engine: EngineIndex,
        index: usize,
        target: &str,
    ) -> Result<(), EngineError> {
        let op = "start container";
        let state = &self.engines[engine];
        let container = &state.containers[index];
        if let Some(NetworkMode::Container(other)) = &container.spec.network_mode {
            let Some(index) = state.find(other) else {
                return Err(refuse(op, target, NotFound, format!("No such container: {other}")));
            };
            if state.containers[index].id == container.id {
                return Err(refuse(op, target, Refused, "cannot join own network namespace"));
            }
            if !state.containers[index].is_up() {
                let why = format!("cannot join network namespace of a non running container: {other}");
                return Err(refuse(op, target, Conflict, why));
            }
        }
        Ok(())
    }

    fn check_start(&self, engine: EngineIndex, index: usize, target: &str) -> Result<(), EngineError> {
        let op = "start container";
        let state = &self.engines[engine];
        let container = &state.containers[index];
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
                return Err(refuse(op, target, Refused, format!("No such container: {other}")));
            };
            if !state.containers[index].is_up() {
                let why = format!("cannot join the namespace of a non running container: {other}");
                return Err(refuse(op, target, Refused, why));
            }
        }
        Ok(())
    }
}

/// The program of a container cannot be run: a mistake of the request, and of the kind that the words say.
fn no_program(target: &str, reason: &str) -> EngineError {
    let kind = if reason.contains("not found") { NotFound } else { Refused };
    EngineError { status: Some(400), ..refuse("start container", target, kind, reason) }
}
