//! Containers in networks: joining, leaving, and what is told of it.

use crate::engine::error::EngineError;
use crate::model::container::{Endpoint, NetworkMode};
use crate::model::failure::FailureKind::{Engine as Refused, NotFound};
use crate::model::label::Labels;

use super::state::{EngineIndex, Joined};
use super::world::{World, refuse};

impl World {
    pub(super) fn connect(
        &mut self,
        engine: EngineIndex,
        index: usize,
        target: &str,
        network: &str,
        endpoint: &Endpoint,
    ) -> Result<(), EngineError> {
        let op = "connect container";
        let at = self.engines[engine].network(network);
        let up = self.engines[engine].containers[index].is_up();
        if at.is_none() && up {
            return Err(refuse(op, target, NotFound, format!("network {network} not found")));
        }
        let seen = at.map(|at| &self.engines[engine].networks[at].seen);
        let name = seen.map_or_else(|| network.to_owned(), |seen| seen.name.clone());
        let id = seen.map(|seen| seen.id.clone());
        let container = &mut self.engines[engine].containers[index];
        if up && matches!(container.spec.network_mode, Some(NetworkMode::Container(_))) {
            let why = "container sharing network namespace with another container or host cannot be connected to any other network";
            return Err(EngineError { status: Some(400), ..refuse(op, target, Refused, why) });
        }
        // Docker refuses it; the port's adapters answer that it is as it should be. What a stopped container has in a
        // network that is gone is written over.
        let is_same = |it: &Joined| at.is_some() && (it.network.is_none() || it.network == id);
        if container.networks.get(&name).is_some_and(|joined| up || is_same(joined)) {
            return Ok(());
        }
        // One that does not run joins at its start, and asks for the network by its name: one that is not there is
        // missed then.
        let network = id.filter(|_| up);
        container.stale = None;
        container
            .networks
            .insert(name.clone(), Joined { endpoint: endpoint.clone(), network, address: None });
        if up && let Err(error) = self.give_address(engine, index, &name, op, target) {
            self.engines[engine].containers[index].networks.remove(&name);
            return Err(error);
        }
        if up && self.engines[engine].containers[index].ports.is_empty() {
            // One that was in no network has its ports again.
            match self.claim_ports(engine, index, target) {
                Ok(ports) => self.engines[engine].containers[index].ports = ports,
                Err(error) => {
                    // An engine is left with half an endpoint, which it does not list.
                    self.engines[engine].containers[index].networks.remove(&name);
                    return Err(EngineError { op, ..error });
                }
            }
        }
        if up {
            self.tell_network(engine, index, &name, "connect");
        }
        Ok(())
    }

    /// Not being in it is success, as the adapter has it.
    pub(super) fn disconnect(&mut self, engine: EngineIndex, index: usize, network: &str) {
        let name = self.engines[engine].network_name(network).unwrap_or_else(|| network.to_owned());
        let container = &mut self.engines[engine].containers[index];
        if container.networks.remove(&name).is_some() {
            container.stale = None;
            if container.networks.is_empty() {
                container.ports.clear();
            }
            if container.is_up() {
                // An engine tells it twice then.
                self.tell_network(engine, index, &name, "disconnect");
            }
            self.tell_network(engine, index, &name, "disconnect");
        }
    }

    /// A container that has ended, or could not start, is in no network any more; it stays listed in them.
    pub(super) fn leave_networks(&mut self, engine: EngineIndex, index: usize) {
        let container = &mut self.engines[engine].containers[index];
        let joined = container.networks.iter().filter(|(_, joined)| joined.address.is_some());
        let names: Vec<String> = joined.map(|(name, _)| name.clone()).collect();
        container.drop_addresses();
        for name in names {
            self.tell_network(engine, index, &name, "disconnect");
        }
    }

    /// Tells of a container that comes into a network or leaves it, where the network is there.
    pub(super) fn tell_network(&mut self, engine: EngineIndex, index: usize, network: &str, action: &str) {
        let Some(at) = self.engines[engine].network(network) else { return };
        let seen = &self.engines[engine].networks[at].seen;
        let (id, name) = (seen.id.clone(), seen.name.clone());
        let container = self.engines[engine].containers[index].id.clone();
        let more = Labels::from_iter([("container".to_owned(), container)]);
        self.tell_more(engine, "network", action, &id, &name, more);
    }
}
