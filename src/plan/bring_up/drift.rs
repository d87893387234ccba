//! A container that stays: what can be changed on it while it runs, and what somebody did to it by hand.

use std::collections::BTreeSet;

use crate::model::label;
use crate::model::observed::ObservedContainer;
use crate::plan::action::Action;
use crate::plan::asked::{Line, changes, first_network, lines_changed, values_of};
use crate::plan::builder::after;
use crate::plan::cause::Cause;
use crate::plan::field::Field;
use crate::plan::ours::is_ours;
use crate::plan::step::StepId;

use super::Bringing;

impl Bringing<'_, '_> {
    /// Whether a container can stay although the file says something else: only networks have come or gone, which are
    /// connected and disconnected as it runs, or a node carries what nothing inside asks for any more.
    pub(super) fn can_stay(&self, container: &ObservedContainer) -> bool {
        if container.labels.get(label::FILES) != self.desired.labels.get(label::FILES) {
            return false;
        }
        let Some(before) = container.labels.get(label::ASKED) else { return false };
        let now = self.desired.asked_label(self.planner.world);
        let lines = lines_changed(before, &now);
        let networks = lines.iter().find(|line| line.key == "network");
        let (gone, new) = networks.map(|line| (line.removed.clone(), line.added.clone())).unwrap_or_default();
        // Without the network that it was made for it would not start again, by whomever.
        if first_network(before).is_some_and(|first| gone.contains(&first)) {
            return false;
        }
        // In a network of others it could not be told later whether it was connected by hand.
        new.iter().all(|name| self.is_of_the_lab(name))
            && lines.iter().all(|line| self.is_live(line, &gone, &new))
    }

    fn is_live(&self, line: &Line<'_>, gone: &[&str], new: &[&str]) -> bool {
        if line.key.starts_with("carried.") {
            // What the engine does not see is copied, and the node has no part in it.
            return line.added.is_empty() || self.planner.known.sees_files == Some(false);
        }
        let Some(rest) = line.key.strip_prefix("network") else { return false };
        let of = |names: &[&str]| {
            let rest = |name: &&str| {
                rest.strip_prefix('.')?.strip_prefix(*name)?.strip_prefix('.').map(str::to_owned)
            };
            names.iter().find_map(rest)
        };
        // An engine does not list what a container is called in a network: what is more than the service's name could
        // not be told from what was there before.
        let service = self.desired.addr.service().as_str();
        rest.is_empty()
            || of(gone).is_some()
            || of(new).is_some_and(|what| what == "alias" && line.added == [service])
    }

    /// Whether a network is one that the lab makes: of this layer, or of one further out on the same engine.
    fn is_of_the_lab(&self, name: &str) -> bool {
        let world = self.planner.world;
        let layers = self.layer.ancestors().take_while(|owner| world.home(owner) == world.home(&self.layer));
        let mut defs = layers.filter_map(|owner| Some((world.topology.layer(&owner)?, owner)));
        defs.any(|(layer, owner)| {
            layer.networks.iter().any(|(key, def)| !def.external && world.network_name(&owner, key) == name)
        })
    }

    /// Connects a container that stays to the networks that it is to be in, and then takes it out of those of the lab
    /// that it is not to be in. The steps.
    pub(super) fn mend_networks(&mut self, container: &ObservedContainer) -> Vec<StepId> {
        if self.desired.spec.network_mode.is_some() {
            return Vec::new();
        }
        let asked = container.labels.get(label::ASKED).map(String::as_str).unwrap_or_default();
        let had: BTreeSet<&str> = values_of(asked, "network").into_iter().collect();
        let fields = self.network_fields(container);
        let cause = |changed: bool, drift: Cause| {
            if changed && !fields.is_empty() { Cause::Changed(fields.clone()) } else { drift }
        };
        let networks = self.desired.spec.networks.clone();
        let mut steps = Vec::new();
        for (network, endpoint) in networks {
            if self.is_in(container, &network) {
                if container.networks[&network].network.is_empty() {
                    steps.extend(self.planner.provide_network(&self.layer, &network));
                }
                continue;
            }
            let made = self.planner.provide_network(&self.layer, &network);
            let cause = cause(!had.contains(network.as_str()), Cause::Disconnected(self.key_of(&network)));
            let action =
                Action::Connect { container: container.id.clone(), network, endpoint: Box::new(endpoint) };
            steps.push(self.push(cause, action, made.map(after).into_iter().collect()));
        }
        let connected: Vec<StepId> = steps.clone();
        for network in container.networks.keys() {
            let was_asked_for = had.contains(network.as_str());
            if self.desired.spec.networks.contains_key(network) || !(was_asked_for || self.is_labs(network)) {
                continue;
            }
            let cause = cause(was_asked_for, Cause::Intruding(self.key_of(network)));
            let action = Action::Disconnect { container: container.id.clone(), network: network.clone() };
            steps.push(self.push(cause, action, connected.iter().copied().map(after).collect()));
        }
        steps
    }

    /// Whether a container is in a network, and in the one that has this name now.
    fn is_in(&self, container: &ObservedContainer, network: &str) -> bool {
        let Some(endpoint) = container.networks.get(network) else { return false };
        let seen =
            self.planner.known.seen(&self.layer).map(|seen| seen.networks.as_slice()).unwrap_or_default();
        // One that was never started takes the network by its name.
        let mut named = seen.iter().filter(|found| found.name == network);
        endpoint.network.is_empty() || named.any(|found| found.id == endpoint.network)
    }

    /// A network that a container is in and that is made anew, by its key.
    pub(super) fn renewed_network(&self, container: &ObservedContainer) -> Option<String> {
        let home = self.planner.world.home(&self.layer);
        let renewed = self.planner.objects.renewed.keys().filter(|(layer, _)| *layer == home);
        let mut inside = renewed.filter(|(_, name)| container.networks.contains_key(name));
        inside.next().map(|(_, name)| self.key_of(name))
    }

    /// Whether a network that is there was made for this lab.
    fn is_labs(&self, network: &str) -> bool {
        let known = self.planner.known;
        let seen = known.seen(&self.layer).map(|seen| seen.networks.as_slice()).unwrap_or_default();
        let project = &self.planner.world.topology.project;
        seen.iter().any(|found| found.name == network && is_ours(&found.labels, project, &known.root_id))
    }

    fn network_fields(&self, container: &ObservedContainer) -> Vec<Field> {
        let mut fields = self.changes(container, changes);
        fields.retain(|field| field.path == "networks");
        fields
    }

    /// A network's key in the file, where its name follows from that.
    fn key_of(&self, network: &str) -> String {
        let project = self.planner.world.project(&self.layer).as_str();
        let key = network.strip_prefix(project).and_then(|rest| rest.strip_prefix('_'));
        key.unwrap_or(network).to_owned()
    }

    /// Gives a container that stays its name back. The step.
    pub(super) fn mend_name(&mut self, container: &ObservedContainer) -> Option<StepId> {
        if container.name == self.desired.name {
            return None;
        }
        // A run that died on the way leaves the replacement with a name of its own.
        let cause = if container.name.starts_with(&format!("{}.next", self.desired.name)) {
            Cause::Unfinished
        } else {
            Cause::Renamed(container.name.clone())
        };
        let action = Action::Rename { container: container.id.clone(), name: self.desired.name.clone() };
        Some(self.push(cause, action, Vec::new()))
    }
}
