//! Ports of the machine and addresses of networks: who gets which, and what refuses them.

use std::collections::BTreeSet;

use crate::engine::error::EngineError;
use crate::model::container::PortBinding;
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::observed::ObservedPort;

use super::state::{Container, EngineIndex, EngineState};
use super::world::{World, refuse};

/// The address that stands for all of the machine's.
const ANY: &str = "0.0.0.0";

impl World {
    pub(super) fn claim_ports(
        &self,
        engine: EngineIndex,
        index: usize,
        target: &str,
    ) -> Result<Vec<ObservedPort>, EngineError> {
        let state = &self.engines[engine];
        let networks = &state.containers[index].networks;
        if networks.keys().all(|name| ["host", "none"].contains(&name.as_str())) {
            // Nothing that could be reached from outside.
            return Ok(Vec::new());
        }
        let mut taken: BTreeSet<(String, u16, &str)> = BTreeSet::new();
        for other in state.containers.iter().filter(|other| other.is_up()) {
            for port in &other.ports {
                taken.extend(port.host.map(|host| (port.host_ip.clone(), host, port.protocol.as_str())));
            }
        }
        let is_free = |ip: &str, host: u16, protocol: &str, taken: &BTreeSet<(String, u16, &str)>| {
            !taken.iter().any(|(other, port, other_protocol)| {
                *port == host && *other_protocol == protocol && (other == ip || other == ANY || ip == ANY)
            })
        };
        let mut ports = Vec::new();
        for PortBinding { host_ip, host, container, protocol } in &state.containers[index].spec.ports {
            let ip = host_ip.clone().unwrap_or_else(|| ANY.to_owned());
            let (first, last) = host.unwrap_or((32_768, 60_999));
            let Some(port) = (first..=last).find(|port| is_free(&ip, *port, protocol.as_str(), &taken))
            else {
                let why = format!("Bind for {ip}:{first} failed: port is already allocated");
                return Err(EngineError {
                    status: Some(500),
                    ..refuse("start container", target, Conflict, why)
                });
            };
            taken.insert((ip.clone(), port, protocol.as_str()));
            ports.push(ObservedPort {
                host_ip: ip,
                host: Some(port),
                container: *container,
                protocol: *protocol,
            });
        }
        Ok(ports)
    }

    pub(super) fn give_address(
        &mut self,
        engine: EngineIndex,
        index: usize,
        network: &str,
        op: &'static str,
        target: &str,
    ) -> Result<(), EngineError> {
        let state = &mut self.engines[engine];
        let Some(at) = state.network(network) else {
            return Err(refuse(op, target, NotFound, format!("network {network} not found")));
        };
        let wanted =
            state.containers[index].networks.get(network).and_then(|j| j.endpoint.ipv4_address.clone());
        let taken: BTreeSet<String> =
            state.containers.iter().filter_map(|c| c.networks.get(network)?.address.clone()).collect();
        if let Some(address) = wanted.as_ref().filter(|_| !state.networks[at].configured) {
            let why = format!(
                "user specified IP address {address} is supported only in networks with user configured subnets"
            );
            return Err(EngineError { status: Some(400), ..refuse(op, target, Refused, why) });
        }
        let address = match wanted {
            Some(address) if taken.contains(&address) => {
                let why = format!("Address already in use: {address}");
                return Err(EngineError { status: Some(403), ..refuse(op, target, Conflict, why) });
            }
            Some(address) => address,
            None => loop {
                let address = state.networks[at].next_address();
                // Empty where the network has no subnet (`host`, `none`).
                if address.is_empty() || !taken.contains(&address) {
                    break address;
                }
            },
        };
        let id = state.networks[at].seen.id.clone();
        if let Some(joined) = state.containers[index].networks.get_mut(network) {
            joined.address = Some(address);
            joined.network = Some(id);
        }
        Ok(())
    }
}

impl Container {
    pub(super) fn drop_addresses(&mut self) {
        for joined in self.networks.values_mut() {
            joined.address = None;
        }
    }
}

impl EngineState {
    pub(super) fn network_name(&self, name_or_id: &str) -> Option<String> {
        self.network(name_or_id).map(|at| self.networks[at].seen.name.clone())
    }
}
