//! Making a container and what it needs, and taking away what it replaces.

use std::sync::Arc;

use crate::model::label;
use crate::plan::action::{Action, FilledVolume, NewContainer};
use crate::plan::builder::after;
use crate::plan::cause::Cause;
use crate::plan::engine_lacks;
use crate::plan::inherited;
use crate::plan::node_paths;
use crate::plan::step::{Group, Need, StepId};

use super::Bringing;

impl Bringing<'_, '_> {
    /// Makes it once `before` is met, and starts nothing.
    pub(in crate::plan) fn make_alone(mut self, before: Vec<Need>) {
        self.before = before;
        let name = self.desired.name.clone();
        let step = self.create(&name, false);
        self.furnish(&name, Some(step));
    }

    pub(super) fn temporary_name(&self) -> String {
        let name = &self.desired.name;
        let taken = |wanted: &str| {
            let seen = self.planner.known.seen(&self.layer);
            seen.is_some_and(|seen| seen.containers.iter().any(|container| container.name == wanted))
        };
        let plain = format!("{name}.next");
        if !taken(&plain) {
            return plain;
        }
        (2..=u16::MAX).map(|n| format!("{name}.next{n}")).find(|wanted| !taken(wanted)).unwrap_or(plain)
    }

    pub(super) fn create(&mut self, name: &str, renew_image: bool) -> StepId {
        let addr = self.desired.addr.clone();
        self.planner.check_wishes(&addr, self.desired.service);
        let provided = self.planner.provide_image(&self.desired, renew_image);
        let mut needs = provided.needs;
        needs.extend(std::mem::take(&mut self.before));
        self.planner.check_containers(&self.desired);
        needs.extend(self.planner.sharing_needs(&self.desired.addr, self.desired.service));
        for image in self.desired.mounted_images() {
            needs.extend(self.planner.provide_mounted(&self.desired, &image).needs);
        }
        let objects = self.planner.provide_objects(&self.desired);
        needs.extend(objects.iter().cloned());
        for fill in self.desired.fills.clone() {
            let mut labels = self.desired.labels.clone();
            labels.insert(label::ROLE.to_owned(), label::ROLE_HELPER.to_owned());
            let action = Action::FillVolume(Box::new(FilledVolume {
                volume: fill.volume,
                target: fill.target,
                image: provided.image.clone(),
                helper: format!("{}.files", self.desired.name),
                labels,
                files: fill.files,
                trees: fill.trees,
            }));
            let before = needs.clone();
            needs.push(after(self.push(self.cause.clone(), action, before)));
        }
        let mut spec = Arc::clone(&self.desired.spec);
        let inherited = self.keep_anonymous_volumes(&mut spec);
        // Only what runs before the first start has a use for them after this.
        let labels = &mut self.desired.labels;
        let is_last = self.desired.service.behaviour.pre_start.is_empty();
        let mut labels = if is_last { std::mem::take(labels) } else { labels.clone() };
        labels.extend(inherited::to_label(&inherited).map(|names| (label::INHERITED.to_owned(), names)));
        // What is not compared with the file later need not tell what it was.
        if labels.contains_key(label::FINGERPRINT) {
            labels.insert(label::ASKED.to_owned(), self.desired.asked_label(self.planner.world));
        }
        let action = Action::CreateContainer(Box::new(NewContainer {
            name: name.to_owned(),
            spec,
            labels,
            image: provided.image,
        }));
        self.push(self.cause.clone(), action, needs)
    }

    /// More networks, files and copies for a container that has never been started.
    pub(super) fn furnish(&mut self, container: &str, created: Option<StepId>) -> Vec<Need> {
        let needs: Vec<Need> = created.map(after).into_iter().collect();
        let cause = if created.is_some() { self.cause.clone() } else { Cause::Unfinished };
        let mut out = Vec::new();
        // A container that is made now has all of them from the start, where its engine takes several; one that is not
        // known yet is taken for a recent one.
        let at_once = created.is_some()
            && self.planner.known.facts(&self.layer).is_none_or(engine_lacks::takes_all_networks);
        let spec = Arc::clone(&self.desired.spec);
        let mut networks: Vec<_> = spec.networks.iter().filter(|_| !at_once).collect();
        networks.sort_by_key(|(name, endpoint)| (-endpoint.priority, *name));
        for (network, endpoint) in networks.into_iter().skip(1) {
            let (network, endpoint) = (network.clone(), Box::new(endpoint.clone()));
            let action = Action::Connect { container: container.to_owned(), network, endpoint };
            out.push(after(self.push(cause.clone(), action, needs.clone())));
        }
        if !self.desired.files.is_empty() {
            let files = self.desired.files.clone();
            let action = Action::PutFiles { container: container.to_owned(), files };
            out.push(after(self.push(cause.clone(), action, needs.clone())));
        }
        for (from, to) in self.desired.trees.clone() {
            let action = Action::PutTree { container: container.to_owned(), from, to };
            out.push(after(self.push(cause.clone(), action, needs.clone())));
        }
        out
    }

    /// Stops and removes what is replaced or one too many.
    pub(super) fn remove_others(&mut self, created: Option<StepId>) -> Vec<StepId> {
        let cause = if self.keep.is_some() { Cause::Duplicate } else { self.cause.clone() };
        let addr = self.desired.addr.clone();
        let others = self.others.clone();
        if created.is_some() && self.desired.service.node.is_some() {
            for other in &others {
                node_paths::refuse_loss(self.planner, &addr, self.desired.service, other);
            }
        }
        let mut needs: Vec<Need> = created.map(after).into_iter().collect();
        if created.is_some() && !others.is_empty() {
            needs.extend(self.planner.stop_dependents(&addr));
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend(self.keep.iter().flat_map(|keep| &keep.mounts).filter_map(|mount| mount.volume.clone()));
        let place = (&self.layer, &addr);
        let planner = &mut *self.planner;
        let remove =
            |other| planner.stop_and_remove(place, other, &cause, Group::Recreate, needs.clone(), &kept);
        others.into_iter().map(remove).collect()
    }

    /// Takes away the volumes of files that only what is replaced had.
    pub(super) fn remove_filled(&mut self, removed: &[StepId]) {
        let used: Vec<&str> = self.desired.fills.iter().map(|fill| fill.volume.as_str()).collect();
        let needs: Vec<Need> = removed.iter().copied().map(after).collect();
        self.planner.remove_filled(&self.desired.addr, &used, &Cause::Unneeded, &needs);
    }
}
