//! Containers whose service or replica the file no longer has, with what runs inside them.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::kind::kind::Hosting;
use crate::model::addr::{Addr, LayerPath};
use crate::model::label;
use crate::model::observed::ObservedContainer;

use super::action::Action;
use super::builder::{Draft, after, after_end};
use super::cause::Cause;
use super::goal::Orphans;
use super::known::Known;
use super::ours::{self, Ours, is_ours};
use super::quiesce::{self, users_first, uses};
use super::step::{Group, Need, Resource, StepId};
use super::up::Planner;
use super::world::World;

/// Whether a container is on an engine further out than that of its layer now: its node had none of its own before.
/// What is on an engine further in goes with that.
pub(super) fn is_moved(world: &World<'_>, known: &Known, found: &Ours<'_>) -> bool {
    let layer = found.addr.layer();
    let home = world.home(&layer);
    // The engine of a `tcp` node can be one of the lab's.
    let elsewhere = world.is_elsewhere(&layer) && known.home(&layer) == Some(&found.home);
    let stands = layer.node().is_none_or(|node| world.topology.has(&node));
    let is_meant = stands && !world.topology.is_inactive(&found.addr);
    is_meant && !elsewhere && found.home.depth() < home.depth()
}

impl Planner<'_> {
    /// Removes what the file no longer has in a layer.
    pub(super) fn remove_orphans(&mut self, path: &LayerPath) {
        let gone: Vec<Addr> = self
            .existing
            .keys()
            .filter(|addr| !self.world.topology.has(addr) && !self.world.topology.is_inactive(addr))
            .filter(|addr| self.is_of(addr, path))
            .cloned()
            .collect();
        for addr in &gone {
            // What is inside one that goes, goes with it.
            if !gone.iter().any(|other| addr.layer().is_within(&other.inner())) {
                self.remove_orphan(addr);
            }
        }
    }

    /// Removes what is left of layers on the engine of `path` that are on another one now.
    pub(super) fn remove_moved(&mut self, path: &LayerPath) {
        let moved: Vec<_> = self.moved.iter().filter(|found| found.home == *path).cloned().collect();
        let listed: Vec<(&Addr, &ObservedContainer)> =
            moved.iter().map(|found| (&found.addr, found.container)).collect();
        for (addr, container) in users_first(&listed) {
            if !self.takes_away(addr) {
                self.tell_of_orphan(addr);
                continue;
            }
            let users = listed.iter().filter(|(other, found)| *other != addr && uses(other, found, addr));
            let needs: Vec<Need> =
                users.filter_map(|(_, found)| self.builder.removal_of(&found.id)).map(after_end).collect();
            let cause = &Cause::Moved;
            self.stop_and_remove((path, addr), container, cause, Group::Down, needs, &BTreeSet::new());
        }
    }

    /// Whether it is this layer that removes it: its own, or the one whose engine it is on where its own is not
    /// known (below a `socket` node that does not run).
    fn is_of(&self, addr: &Addr, path: &LayerPath) -> bool {
        addr.layer() == *path
            || (!self.known.layers.contains_key(&addr.layer()) && self.seen_on(addr) == *path)
    }

    /// A layer of the engine on which the containers of `addr` are: its own, if it is known.
    pub(super) fn seen_on(&self, addr: &Addr) -> LayerPath {
        let layer = addr.layer();
        if self.known.layers.contains_key(&layer) {
            return layer;
        }
        let all = ours::containers(self.known, &self.world.topology.project);
        all.into_iter().find(|found| found.addr == *addr).map_or(layer, |found| found.home)
    }

    /// Whether what the file does not have any more at `addr` is removed.
    pub(super) fn takes_away(&self, addr: &Addr) -> bool {
        let topology = &self.world.topology;
        topology.service(addr).is_some()
            || (self.up.orphans == Orphans::Remove && !topology.is_inactive(addr))
    }

    /// Says that what the file does not have stays, where that is wanted.
    fn tell_of_orphan(&mut self, addr: &Addr) {
        if self.up.orphans == Orphans::Tell {
            self.builder.problems.push(
                Diagnostic::warning(Code::Unused, format!("`{addr}` is there and is not in the file"))
                    .help("`--remove-orphans` removes it"),
            );
        }
    }

    fn remove_orphan(&mut self, addr: &Addr) {
        if !self.takes_away(addr) {
            self.tell_of_orphan(addr);
            return;
        }
        let scaled_down = self.world.topology.service(addr).is_some();
        let cause = if scaled_down { Cause::Unneeded } else { Cause::Orphan };
        let inside = self.take_apart_inside(addr, &cause);
        let mut needs = Vec::new();
        let engine = self.seen_on(addr);
        for container in self.existing.get(addr).cloned().unwrap_or_default() {
            let before = inside.clone();
            let (place, kept) = ((&engine, addr), BTreeSet::new());
            let step = self.stop_and_remove(place, container, &cause, Group::Down, before, &kept);
            needs.push(after(step));
        }
        self.remove_filled(addr, &[], &cause, &needs);
    }

    /// Removes the volumes of files that a service has no use for any more, after the containers that had.
    pub(super) fn remove_filled(&mut self, addr: &Addr, used: &[&str], cause: &Cause, needs: &[Need]) {
        let layer = self.seen_on(addr);
        for volume in self.filled.remove(addr).unwrap_or_default() {
            if !used.contains(&volume) {
                let of = Resource::Volume(addr.layer(), volume.to_owned());
                let draft = Draft { layer: layer.clone(), of, cause: cause.clone(), group: None };
                let action = Action::RemoveVolume { volume: volume.to_owned() };
                self.builder.push(draft, action, needs.to_vec());
            }
        }
    }

    /// Removes the containers and networks of the layers in a node that live on an engine outside of it: nothing
    /// would lead to them once the node is gone. Layers with an engine of their own go with their node. Volumes
    /// stay, as those of any service that leaves.
    fn take_apart_inside(&mut self, node: &Addr, cause: &Cause) -> Vec<Need> {
        let inner = node.inner();
        let all: Vec<(Addr, &ObservedContainer)> = self
            .existing
            .iter()
            .filter(|(addr, _)| addr.layer().is_within(&inner) && self.shares_engine(addr, node))
            .flat_map(|(addr, containers)| containers.iter().map(|container| (addr.clone(), *container)))
            .collect();
        let listed: Vec<(&Addr, &ObservedContainer)> = all.iter().map(|(addr, one)| (addr, *one)).collect();
        let mut removed: Vec<(&Addr, StepId)> = Vec::new();
        for (addr, container) in users_first(&listed) {
            let engine = self.seen_on(addr);
            let users = listed.iter().filter(|(other, found)| *other != addr && uses(other, found, addr));
            let users: Vec<&Addr> = users.map(|(other, _)| *other).collect();
            let before = removed.iter().filter(|(other, _)| users.contains(other));
            let needs: Vec<Need> = before.map(|(_, step)| after_end(*step)).collect();
            let (place, kept) = ((&engine, addr), BTreeSet::new());
            let step = self.stop_and_remove(place, container, cause, Group::Down, needs, &kept);
            self.remove_filled(addr, &[], cause, &[after(step)]);
            removed.push((addr, step));
        }
        let mut ends: Vec<Need> = removed.into_iter().map(|(_, step)| after_end(step)).collect();
        ends.extend(self.remove_networks_inside(node, cause, &ends));
        ends
    }

    /// Whether every node from `node` down to `addr`, itself included, runs its layer on an engine outside of it.
    fn shares_engine(&self, addr: &Addr, node: &Addr) -> bool {
        let nodes = addr.layer();
        nodes
            .ancestors()
            .filter_map(|layer| layer.node())
            .filter(|at| at == node || at.layer().is_within(&node.inner()))
            .all(|at| {
                let containers = self.existing.get(&at).map(Vec::as_slice).unwrap_or_default();
                containers.iter().all(|container| quiesce::hosting(container) != Some(Hosting::Own))
            })
    }

    fn remove_networks_inside(&mut self, node: &Addr, cause: &Cause, before: &[Need]) -> Vec<Need> {
        let inner = node.inner();
        let engine = if self.known.layers.contains_key(&inner) { inner.clone() } else { node.layer() };
        let containers = self.existing.get(node).map(Vec::as_slice).unwrap_or_default();
        let own = containers.iter().any(|container| quiesce::hosting(container) == Some(Hosting::Own));
        let Some(seen) = self.known.seen(&engine).filter(|_| !own) else { return Vec::new() };
        let mut ends = Vec::new();
        for network in &seen.networks {
            if !is_ours(&network.labels, &self.world.topology.project, &self.known.root_id) {
                continue;
            }
            let owner = network.labels.get(label::ADDRESS).and_then(|text| text.parse::<Addr>().ok());
            let Some(owner) = owner.map(|addr| addr.inner()).filter(|layer| layer.is_within(&inner)) else {
                continue;
            };
            let draft = Draft {
                layer: engine.clone(),
                of: Resource::Network(owner, network.name.clone()),
                cause: cause.clone(),
                group: None,
            };
            let action = Action::RemoveNetwork { network: network.id.clone() };
            ends.push(after_end(self.builder.push(draft, action, before.to_vec())));
        }
        ends
    }
}
