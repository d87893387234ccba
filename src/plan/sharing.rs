//! What containers use of one another: namespaces, volumes, names. Whose container it is, and what must be there.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::behaviour::Sharer;
use crate::model::container::{ContainerSpec, NetworkMode};
use crate::model::milestone::{Milestone, Stage};
use crate::model::name::ServiceName;
use crate::model::observed::ObservedContainer;
use crate::model::service::Service;
use crate::model::span::Span;

use super::builder::{after_end, when};
use super::cause::Cause;
use super::desired::Desired;
use super::quiesce;
use super::step::{Group, Need};
use super::up::Planner;
use super::world::World;

/// The instances whose namespaces or volumes an instance uses. It is tied to their very containers: when one of them is
/// made anew, so must it be (docker/compose `reconcile.go`, `parentNamespaceRecreated`).
pub(super) fn owners(layer: &LayerPath, service: &Service) -> BTreeSet<Addr> {
    let mut names: BTreeSet<ServiceName> = BTreeSet::new();
    if let Some(NetworkMode::Service(name)) = &service.spec.network_mode {
        names.extend(ServiceName::new(name).ok());
    }
    for mode in [&service.spec.ipc, &service.spec.pid].into_iter().flatten() {
        names.extend(mode.strip_prefix("service:").and_then(|name| ServiceName::new(name).ok()));
    }
    for from in &service.behaviour.volumes_from {
        if let Sharer::Service(name) = &from.source {
            names.insert(name.clone());
        }
    }
    names.into_iter().map(|name| layer.join(&name, 1)).collect()
}

/// Puts the names of containers in place of those of services.
pub(super) fn resolve(world: &World<'_>, addr: &Addr, service: &Service, spec: &mut ContainerSpec) {
    let layer = addr.layer();
    let container = |name: &ServiceName, number: u32| {
        let sibling = layer.join(name, number);
        world.topology.service(&sibling).map(|service| world.container_name(&sibling, service))
    };
    let first = |name: &str| ServiceName::new(name).ok().and_then(|name| container(&name, 1));
    if let Some(NetworkMode::Service(sibling)) = &spec.network_mode
        && let Some(name) = first(sibling)
    {
        spec.network_mode = Some(NetworkMode::Container(name));
    }
    for mode in [&mut spec.ipc, &mut spec.pid] {
        let sibling = mode.as_deref().and_then(|mode| mode.strip_prefix("service:")).and_then(first);
        if let Some(name) = sibling {
            *mode = Some(format!("container:{name}"));
        }
    }
    for from in &service.behaviour.volumes_from {
        let name = match &from.source {
            Sharer::Service(name) => container(name, 1),
            Sharer::Container(name) => Some(name.clone()),
        };
        let mode = if from.read_only == Some(true) { ":ro" } else { "" };
        spec.volumes_from.extend(name.map(|name| format!("{name}{mode}")));
    }
    // Each container of a linked service has three names, with this instance's number in two of them (docker/compose
    // `convergence.go`, `getLinks`).
    if service.behaviour.links.is_empty() && service.behaviour.external_links.is_empty() {
        return;
    }
    let (number, project) = (addr.number().to_string(), world.project(&layer));
    let separator = world.topology.separator;
    for link in &service.behaviour.links {
        let scale = world.topology.service(&layer.join(&link.service, 1)).map_or(0, |service| service.scale);
        for name in (1..=scale).filter_map(|number| container(&link.service, number)) {
            let parts = [project.as_str(), link.service.as_str(), &number];
            spec.links.push(format!("{name}:{}", link.alias));
            spec.links.push(format!("{name}:{}", separator.joined(&parts[1..])));
            spec.links.push(format!("{name}:{}", separator.joined(&parts)));
        }
    }
    let external = service.behaviour.external_links.iter().map(|link| &link.value);
    spec.links.extend(external.map(|(name, alias)| format!("{name}:{alias}")));
    for (_, endpoint) in &mut spec.networks {
        endpoint.links.clone_from(&spec.links);
    }
}

impl Planner<'_> {
    /// Whether a container that was made at `created` is tied to one that is not there any more.
    pub(super) fn is_orphaned(&self, addr: &Addr, service: &Service, created: i64) -> Option<Cause> {
        owners(&addr.layer(), service).into_iter().find_map(|owner| {
            let containers = self.existing.get(&owner).map(Vec::as_slice).unwrap_or_default();
            let is_younger = containers.iter().any(|container| container.created > created);
            (self.made.contains(&owner) || is_younger).then_some(Cause::Shares(owner))
        })
    }

    /// Whether a volume of a container is that of one from which it has its volumes.
    pub(super) fn is_borrowed(&self, addr: &Addr, service: &Service, volume: &str) -> bool {
        let layer = addr.layer();
        let has = |container: &ObservedContainer| {
            container.mounts.iter().any(|mount| mount.volume.as_deref() == Some(volume))
        };
        service.behaviour.volumes_from.iter().any(|from| match &from.source {
            Sharer::Service(name) => {
                let owners = self.existing.get(&layer.join(name, 1)).map(Vec::as_slice).unwrap_or_default();
                owners.iter().any(|owner| has(owner))
            }
            Sharer::Container(name) => {
                let seen = self.known.seen(&layer).map(|seen| seen.containers.as_slice()).unwrap_or_default();
                seen.iter().any(|other| (other.name == *name || other.id.starts_with(name)) && has(other))
            }
        })
    }

    /// What must be there before a container is made that uses something of others.
    pub(super) fn sharing_needs(&self, addr: &Addr, service: &Service) -> Vec<Need> {
        let mut owners = owners(&addr.layer(), service);
        let links = service.behaviour.links.iter().map(|link| addr.layer().join(&link.service, 1));
        owners.extend(links);
        let there = owners.into_iter().filter(|owner| self.world.topology.has(owner) && owner != addr);
        there.map(|owner| when(Milestone::Service(owner, Stage::Created))).collect()
    }

    /// Says that a network which somebody else must have made is not there.
    fn check_named_network(&mut self, desired: &Desired<'_>) {
        let Some(NetworkMode::Named(name)) = &desired.service.spec.network_mode else { return };
        let Some(seen) = self.known.seen(&desired.addr.layer()) else { return };
        if name == "default"
            || seen.networks.iter().any(|network| network.name == *name || network.id == *name)
        {
            return;
        }
        let problem = Diagnostic::error(
            Code::EngineLacks,
            format!(
                "network `{name}`, which `{}` wants in `network_mode`, is not on its engine",
                desired.addr
            ),
        );
        let help = "make it first, or write `none`, `host`, `bridge`, `service:NAME` or `container:NAME`; a network \
                    of the layer belongs into `networks`";
        self.problem(problem.help(help), desired.service.span_of("network_mode"));
    }

    /// Says that a container or network which somebody else must have made is not there.
    pub(super) fn check_containers(&mut self, desired: &Desired<'_>) {
        self.check_named_network(desired);
        let service = desired.service;
        let mut wanted: Vec<(&str, String, Span)> = Vec::new();
        if let Some(NetworkMode::Container(name)) = &service.spec.network_mode {
            wanted.push(("network_mode", name.clone(), service.span_of("network_mode")));
        }
        for (key, mode) in [("ipc", &service.spec.ipc), ("pid", &service.spec.pid)] {
            if let Some(name) = mode.as_deref().and_then(|mode| mode.strip_prefix("container:")) {
                wanted.push((key, name.to_owned(), service.span_of(key)));
            }
        }
        for from in &service.behaviour.volumes_from {
            if let Sharer::Container(name) = &from.source {
                wanted.push(("volumes_from", name.clone(), from.span));
            }
        }
        for link in &service.behaviour.external_links {
            wanted.push(("external_links", link.value.0.clone(), link.span));
        }
        let layer = desired.addr.layer();
        let Some(seen) = self.known.seen(&layer) else { return };
        let services = self.world.topology.layer(&layer).map(|layer| &layer.services);
        for (key, name, span) in wanted {
            let is_there = seen.containers.iter().any(|container| {
                container.name == name || (name.len() >= 12 && container.id.starts_with(&name))
            });
            let is_ours = services.into_iter().flat_map(|services| services.values()).any(|service| {
                (1..=service.scale)
                    .any(|n| self.world.container_name(&layer.join(&service.name, n), service) == name)
            });
            if is_there || is_ours {
                continue;
            }
            let engine = if layer.is_root() {
                "the root engine".to_owned()
            } else {
                format!("the engine of `{layer}`")
            };
            let message =
                format!("container `{name}`, which `{}` wants in `{key}`, is not on {engine}", desired.addr);
            let problem = Diagnostic::error(Code::EngineLacks, message);
            self.problem(
                problem.help(format!("start `{name}` there first, or name a service of this layer")),
                span,
            );
        }
    }

    /// What this plan stops inside a node that is entered only later: it is started by the plan that is made then.
    pub(super) fn stops_inside(&self, node: &Addr) -> Vec<Need> {
        let inner = node.inner();
        let inside = self.existing.iter().filter(|(addr, _)| addr.layer().is_within(&inner));
        let stopped = inside.flat_map(|(_, found)| found).filter_map(|found| self.stopped.get(&found.id));
        stopped.map(|(step, _)| after_end(*step)).collect()
    }

    /// Whether an instance that this run brings up comes later: in this plan, or in that of a layer whose node has not
    /// been entered yet.
    pub(super) fn is_still_to_plan(&self, addr: &Addr) -> bool {
        let started = Milestone::Service(addr.clone(), Stage::Started);
        let comes = self.scope.contains(&addr.layer()) || !self.known.promised.contains(&started);
        comes && !self.planned.contains(addr) && self.wanted.contains(&started)
    }

    /// Stops what is to be restarted when `addr` is made anew, users first: needs of the stop of `addr` itself. They are
    /// started again when they are planned: in this plan, or, if `addr` itself is of a layer that is planned only once its
    /// node has been entered, in that one.
    pub(super) fn stop_dependents(&mut self, addr: &Addr) -> Vec<Need> {
        let mut running = Vec::new();
        let is_beyond = !self.scope.contains(&addr.layer());
        for dependent in self.up.lab.graph.restarted_with(addr) {
            let layer = dependent.layer();
            let is_planned_later = self.is_still_to_plan(&dependent)
                && (is_beyond || self.scope.contains(&layer))
                && layer.is_within(&addr.layer())
                && !self.leaving.iter().any(|leaving| layer.is_within(leaving));
            let containers = self.existing.get(&dependent).cloned().unwrap_or_default();
            if is_planned_later {
                running.extend(
                    containers
                        .into_iter()
                        .filter(|it| quiesce::is_running(it))
                        .map(|it| (dependent.clone(), it)),
                );
            }
        }
        let cause = Cause::DependencyReplaced(addr.clone());
        self.stop_ahead(running, &[], &cause, Group::Up, Some(addr))
    }
}
