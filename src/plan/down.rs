//! `down`: from what was observed alone, by the labels; the file is not needed.
//!
//! Innermost first and users before used, each within its grace. A layer on an engine of its own is taken apart
//! before its node goes, so that nothing of it stays in the data volume; with `-v` its containers are stopped
//! only, for they go with the volume.
//!
//! Of a part (`down web`), networks and volumes go that nothing else is on, as in docker compose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kind::kind::Hosting;
use crate::kind::kinds;
use crate::model::addr::{Addr, LayerPath};
use crate::model::dial::Dial;
use crate::model::label::{self, Labels};
use crate::model::milestone::Milestone;
use crate::model::observed::{ContainerState, Observed, ObservedContainer};

use super::action::{Action, Enter};
use super::builder::{Builder, Draft, after, after_end};
use super::cause::Cause;
use super::goal::Down;
use super::hooks;
use super::inherited;
use super::known::{Known, Layer};
use super::ours::{self, Ours, is_ours};
use super::plan::Plan;
use super::quiesce::{self, is_running, users_first, uses};
use super::step::{Group, Must, Need, On, Resource, StepId};
use super::thaw;

/// How long a stopped node may take to start again, so that its layer can be taken apart, where its own limit is
/// not known any more.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Plans a `down` for the layers of `scope`.
pub(super) fn plan(down: &Down, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
    let mut taking = Taking {
        down,
        known,
        builder: Builder::new(first),
        last: BTreeMap::new(),
        on_layer: BTreeMap::new(),
        homes: BTreeMap::new(),
        guarded: Vec::new(),
        leaving: BTreeSet::new(),
        dependents: BTreeSet::new(),
    };
    let found = ours::containers(known, &down.project);
    taking.dependents = taking.dependents_among(&found);
    taking.homes = found.iter().map(|ours| (ours.container.id.clone(), ours.home.clone())).collect();
    let all: Vec<(&Addr, &ObservedContainer)> = found
        .iter()
        .map(|ours| (&ours.addr, ours.container))
        .filter(|(addr, _)| {
            scope.iter().any(|layer| addr.layer() == *layer || is_shared_below(known, layer, &addr.layer()))
        })
        .filter(|(addr, _)| taking.has(addr))
        .collect();
    taking.leaving.extend(all.iter().map(|(_, container)| container.id.clone()));
    for (addr, container) in users_first(&all) {
        taking.container(addr, container, &all);
    }
    let mut layers: Vec<&LayerPath> = scope.iter().collect();
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.depth()));
    for layer in &layers {
        taking.rest_of_engine(layer);
    }
    taking.images(&all, scope);
    for layer in layers.into_iter().filter(|layer| taking.has_all_of(layer)).collect::<Vec<_>>() {
        taking.cleared(layer);
    }
    taking.builder.finish()
}

/// Whether `inner` lies below `layer` on the same engine (layers of `socket` nodes whose node is gone).
fn is_shared_below(known: &Known, layer: &LayerPath, inner: &LayerPath) -> bool {
    inner != layer && inner.is_within(layer) && !known.layers.contains_key(inner)
}

pub(super) struct Taking<'a> {
    pub(super) down: &'a Down,
    pub(super) known: &'a Known,
    pub(super) builder: Builder,
    /// The last step on each container.
    last: BTreeMap<Addr, Vec<StepId>>,
    /// All steps on each layer.
    pub(super) on_layer: BTreeMap<LayerPath, Vec<StepId>>,
    /// The layer on whose engine each container was seen, by its ID.
    pub(super) homes: BTreeMap<String, LayerPath>,
    /// Stops that their hooks can prevent.
    guarded: Vec<Need>,
    /// The IDs of the containers that go.
    leaving: BTreeSet<String>,
    /// What goes because it needs, or is inside, something that goes.
    dependents: BTreeSet<Addr>,
}

impl Taking<'_> {
    fn container(&mut self, addr: &Addr, container: &ObservedContainer, all: &[(&Addr, &ObservedContainer)]) {
        let layer = addr.layer();
        let mut needs: Vec<Need> = all
            .iter()
            .filter(|(other, found)| *other != addr && uses(other, found, addr))
            .flat_map(|(other, _)| self.last.get(*other).cloned().unwrap_or_default())
            .map(after_end)
            .collect();
        let hosting = quiesce::hosting(container);
        let mut cause = Cause::Asked;
        if hosting == Some(Hosting::Own) {
            match self.known.layers.get(&addr.inner()) {
                Some(Layer::Answered(_)) => needs.push(cleared_need(addr)),
                Some(Layer::Silent(_)) => {
                    cause = Cause::EngineSilent;
                    if thaw::may_be_frozen(self.known, addr, container) {
                        let before = std::mem::take(&mut needs);
                        let place = (&layer, addr);
                        needs = thaw::thaw(&mut self.builder, self.known, place, container, before);
                    }
                }
                None if self.down.volumes => {}
                None => needs.extend(self.wake(addr, container)),
            }
        }
        // A layer whose `socket` node does not run is not known; its containers are where they were seen.
        let seen_on = self.homes.get(&container.id).filter(|_| !self.known.layers.contains_key(&layer));
        let engine = seen_on.cloned().unwrap_or_else(|| layer.clone());
        let mut last = Vec::new();
        if is_running(container)
            || (hosting == Some(Hosting::Own) && !self.down.volumes && can_wake(container))
        {
            let need = quiesce::stop_within(
                &mut self.builder,
                &engine,
                addr,
                container,
                &cause,
                Group::Down,
                std::mem::take(&mut needs),
                self.down.grace,
            );
            if let On::Step(step) = need.on {
                last.push(step);
            }
            // A `pre_stop` that fails keeps its container, and what that is on.
            let guarded = !hooks::before_stop(container).is_empty();
            if guarded {
                self.guarded.push(need.clone());
            }
            needs = vec![if guarded { need } else { Need { must: Must::End, ..need } }];
        }
        if self.goes_with_volume(&layer) {
            // That it cannot be stopped inside is no loss: it ends with its node.
            last.iter().for_each(|step| self.builder.may_fail(*step));
        } else {
            let draft = Draft::service(addr, &engine, cause.clone(), Group::Down);
            let action = Action::Remove { container: container.id.clone(), volumes: true };
            let step = self.builder.push(draft, action, needs);
            last.push(step);
            let (place, builder, kept) = ((&engine, addr), &mut self.builder, BTreeSet::new());
            last.extend(inherited::remove(builder, place, container, &cause, Group::Down, step, &kept));
        }
        self.on_layer.entry(layer).or_default().extend(last.iter().copied());
        self.last.entry(addr.clone()).or_default().extend(last);
    }

    /// Whether the layer is stopped only, because it goes with the data volume of its node.
    pub(super) fn goes_with_volume(&self, layer: &LayerPath) -> bool {
        if !self.down.volumes {
            return false;
        }
        let mut at = Some(layer.clone());
        while let Some(layer) = at {
            let Some(node) = layer.node() else { return false };
            let nodes = ours::containers(self.known, &self.down.project);
            let node_container = nodes.iter().find(|ours| ours.addr == node).map(|ours| ours.container);
            if node_container.and_then(quiesce::hosting) == Some(Hosting::Own) && self.has(&node) {
                return true;
            }
            at = layer.parent();
        }
        false
    }

    /// Starts a stopped or paused node again, so that its layer can be taken apart before it goes.
    fn wake(&mut self, addr: &Addr, container: &ObservedContainer) -> Vec<Need> {
        let dial = container.labels.get(label::ENGINE).and_then(|text| Dial::from_label(text));
        let Some(dial) = dial.filter(|_| can_wake(container)) else { return Vec::new() };
        let layer = addr.layer();
        let action = if container.state == ContainerState::Paused {
            Action::Unpause { container: container.id.clone() }
        } else {
            Action::Start { container: container.id.clone() }
        };
        let draft = Draft::service(addr, &layer, Cause::MustBeEmptied, Group::Down);
        let start = self.builder.push(draft, action, Vec::new());
        self.builder.may_fail(start);
        let boot: Option<Arc<[String]>> =
            container.labels.get(label::BOOT).map(|words| words.split('\u{1f}').map(str::to_owned).collect());
        let timeout = self.down.patience.unwrap_or(PATIENCE);
        let enter = Enter {
            layer: addr.inner(),
            container: container.id.clone(),
            dial,
            boot,
            timeout,
            paths: Vec::new(),
        };
        let draft = Draft::service(addr, &layer, Cause::MustBeEmptied, Group::Down);
        let step = self.builder.push(draft, Action::Enter(Box::new(enter)), vec![after(start)]);
        self.builder.may_fail(step);
        vec![after_end(start), after_end(step), cleared_need(addr)]
    }

    /// What is left on an engine once its service containers are gone: helpers, networks, volumes.
    fn rest_of_engine(&mut self, layer: &LayerPath) {
        if self.known.home(layer) != Some(layer) || self.goes_with_volume(layer) {
            return;
        }
        let Some(seen) = self.known.seen(layer) else { return };
        let project = &self.down.project;
        let mine = |labels: &Labels| is_ours(labels, project, &self.known.root_id);
        // Everything that this plan does on layers of this engine comes first.
        let before: Vec<Need> = self
            .all_on(layer)
            .into_iter()
            .map(|need| self.guarded.iter().find(|guard| guard.on == need.on).cloned().unwrap_or(need))
            .collect();
        // What a service has for itself bears its address; what a layer has, that of its node.
        let owner = |labels: &Labels| -> LayerPath {
            let place =
                |addr: Addr| if labels.contains_key(label::ROLE) { addr.layer() } else { addr.inner() };
            address(labels).map_or_else(|| layer.clone(), place)
        };
        let mut drafts: Vec<(Resource, Action, Vec<Need>)> = Vec::new();
        let beside = seen.containers.iter().filter(|c| mine(&c.labels) && self.goes_beside(&c.labels));
        for container in beside.collect::<Vec<_>>() {
            self.leaving.insert(container.id.clone());
            let of =
                address(&container.labels).map_or_else(|| Resource::Layer(layer.clone()), Resource::Service);
            drafts.push((of, Action::Remove { container: container.id.clone(), volumes: true }, Vec::new()));
        }
        for network in seen.networks.iter().filter(|network| mine(&network.labels)) {
            let owner = owner(&network.labels);
            let is_on = |container: &ObservedContainer| {
                container.networks.iter().any(|(name, endpoint)| {
                    let is_known = !endpoint.network.is_empty();
                    if is_known { endpoint.network == network.id } else { *name == network.name }
                })
            };
            if self.has_all_of(&owner) || self.is_left(seen, is_on) {
                let of = Resource::Network(owner, network.name.clone());
                drafts.push((of, Action::RemoveNetwork { network: network.id.clone() }, before.clone()));
            }
        }
        for volume in seen.volumes.iter().filter(|volume| mine(&volume.labels)) {
            let role = volume.labels.get(label::ROLE).map(String::as_str);
            if !self.down.volumes && role != Some(label::ROLE_FILES) {
                continue;
            }
            let of_service = address(&volume.labels).filter(|_| role.is_some());
            let owner = owner(&volume.labels);
            let has = |container: &ObservedContainer| {
                container.mounts.iter().any(|mount| mount.volume.as_ref() == Some(&volume.name))
            };
            let goes = of_service
                .map_or_else(|| self.has_all_of(&owner) || self.is_left(seen, has), |addr| self.has(&addr));
            if goes {
                let of = Resource::Volume(owner, volume.name.clone());
                drafts.push((of, Action::RemoveVolume { volume: volume.name.clone() }, before.clone()));
            }
        }
        for (of, action, needs) in drafts {
            let draft = Draft { layer: layer.clone(), of, cause: Cause::Asked, group: None };
            let step = self.builder.push(draft, action, needs);
            self.on_layer.entry(layer.clone()).or_default().push(step);
        }
    }

    /// Whether what is at this address goes.
    fn has(&self, addr: &Addr) -> bool {
        self.down.part.as_ref().is_none_or(|part| part.has(addr) || self.dependents.contains(addr))
    }

    /// Whether a layer goes with all that is in it.
    fn has_all_of(&self, layer: &LayerPath) -> bool {
        self.down.part.is_none() || layer.node().is_some_and(|node| self.has(&node))
    }

    /// What needs a part, where that goes too: on and on, with what is inside.
    fn dependents_among(&self, found: &[Ours<'_>]) -> BTreeSet<Addr> {
        let mut out = BTreeSet::new();
        let Some(part) = self.down.part.as_ref().filter(|part| part.dependents) else { return out };
        loop {
            let goes = |addr: &Addr| part.has(addr) || out.contains(addr);
            let follows = |ours: &&Ours<'_>| {
                let nodes =
                    ours.addr.layer().ancestors().filter_map(|layer| layer.node()).collect::<Vec<_>>();
                !goes(&ours.addr)
                    && (nodes.iter().any(goes) || quiesce::needs_of(ours.container).iter().any(goes))
            };
            let more: Vec<Addr> = found.iter().filter(follows).map(|ours| ours.addr.clone()).collect();
            if more.is_empty() {
                return out;
            }
            out.extend(more);
        }
    }

    /// Whether a container beside those of services goes: helpers and hooks with what they are for, and a one-off one,
    /// which somebody may be at work in, where it is asked for or its layer goes.
    fn goes_beside(&self, labels: &Labels) -> bool {
        let Some(role) = labels.get(label::ROLE) else { return false };
        let Some(part) = &self.down.part else { return true };
        address(labels).is_some_and(|addr| {
            let may = role != label::ROLE_RUN || part.one_offs || self.has_all_of(&addr.layer());
            may && self.has(&addr)
        })
    }

    /// Whether containers use something, and all of these go.
    fn is_left(&self, seen: &Observed, uses: impl Fn(&ObservedContainer) -> bool) -> bool {
        let mut users = seen.containers.iter().filter(|container| uses(container)).peekable();
        users.peek().is_some() && users.all(|container| self.leaving.contains(&container.id))
    }

    /// All that this plan does so far on layers of this engine.
    pub(super) fn all_on(&self, home: &LayerPath) -> Vec<Need> {
        let is_on = |other: &LayerPath| {
            self.known.home(other).unwrap_or(other) == home || is_shared_below(self.known, home, other)
        };
        let steps =
            self.on_layer.iter().filter(|(other, _)| is_on(other)).flat_map(|(_, steps)| steps.iter());
        steps.copied().map(after_end).collect()
    }

    /// The point at which nothing of the lab is left in a layer.
    fn cleared(&mut self, layer: &LayerPath) {
        if layer.is_root() {
            return;
        }
        let needs = self
            .on_layer
            .iter()
            .filter(|(other, _)| other.is_within(layer))
            .flat_map(|(_, steps)| steps.iter().copied())
            .map(after_end)
            .collect();
        let draft = Draft {
            layer: layer.clone(),
            of: Resource::Layer(layer.clone()),
            cause: Cause::Asked,
            group: None,
        };
        let step = self.builder.push(draft, Action::Join, needs);
        self.builder.reaches(step, Milestone::Cleared(layer.clone()));
    }
}

/// The address that something bears.
fn address(labels: &Labels) -> Option<Addr> {
    labels.get(label::ADDRESS)?.parse().ok()
}

/// Whether a node that does not run may be started to be emptied: one that has run before.
fn can_wake(container: &ObservedContainer) -> bool {
    matches!(container.state, ContainerState::Exited | ContainerState::Paused)
        && container.labels.get(label::KIND).is_some_and(|kind| kinds::find(kind).is_some())
}

fn cleared_need(addr: &Addr) -> Need {
    Need { on: On::Milestone(Milestone::Cleared(addr.inner())), must: Must::End }
}
