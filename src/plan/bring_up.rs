//! One instance: from what runs to what is wanted. DESIGN 12.4, "one service, by what was observed".

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::model::addr::LayerPath;
use crate::model::container::RestartPolicy;
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::{ContainerState, Health, ObservedContainer};

use super::action::{Action, Enter, HookPoint, HookRun, NewContainer};
use super::asked::{changes, kind_changes};
use super::builder::{Draft, after, when};
use super::cause::Cause;
use super::desired::Desired;
use super::engine_lacks;
use super::field::Field;
use super::goal::{Starts, Wait};
use super::hooks;
use super::inherited;
use super::node_paths;
use super::quiesce::is_running;
use super::step::{Group, Need, StepId};
use super::up::Planner;
use super::words;

mod anonymous;
mod drift;
mod held;

/// The work on one instance.
pub(super) struct Bringing<'p, 'a> {
    planner: &'p mut Planner<'a>,
    desired: Desired<'a>,
    layer: LayerPath,
    keep: Option<&'a ObservedContainer>,
    others: Vec<&'a ObservedContainer>,
    cause: Cause,
    preload: Vec<Need>,
    /// What holds its creation back.
    before: Vec<Need>,
    /// Anonymous volumes of what is replaced that go on.
    kept: BTreeSet<String>,
}

impl<'p, 'a> Bringing<'p, 'a> {
    pub(super) fn new(
        planner: &'p mut Planner<'a>,
        desired: Desired<'a>,
        containers: Vec<&'a ObservedContainer>,
        preload: Vec<Need>,
    ) -> Self {
        let layer = desired.addr.layer();
        let mut bringing = Self {
            planner,
            desired,
            layer,
            keep: None,
            others: containers,
            cause: Cause::Missing,
            preload,
            before: Vec::new(),
            kept: BTreeSet::new(),
        };
        bringing.choose();
        bringing
    }

    /// Chooses the container to keep: one that is as the file says, rather running, rather newest.
    fn choose(&mut self) {
        let candidates = std::mem::take(&mut self.others);
        let mut causes = Vec::new();
        for container in &candidates {
            causes.push(self.divergence(container));
        }
        let best = (0..candidates.len())
            .filter(|i| causes[*i].is_none())
            .max_by_key(|i| (is_running(candidates[*i]), candidates[*i].created, &candidates[*i].id));
        if best.is_none()
            && let Some(cause) = causes.into_iter().flatten().next()
        {
            self.cause = cause;
        }
        for (i, container) in candidates.into_iter().enumerate() {
            if Some(i) == best {
                self.keep = Some(container);
            } else {
                self.others.push(container);
            }
        }
    }

    /// Why a container cannot stay; `None` if it is as it should be.
    fn divergence(&mut self, container: &ObservedContainer) -> Option<Cause> {
        let labels = &container.labels;
        let fingerprint = labels.get(label::FINGERPRINT).map(String::as_str).unwrap_or_default();
        let (file, kind) = match fingerprint.split_once('.') {
            Some((file, kind)) => (file, Some(kind)),
            None => (fingerprint, None),
        };
        if matches!(container.state, ContainerState::Dead | ContainerState::Removing) {
            return Some(Cause::Unfinished);
        }
        if let Some(target) = self.lost_volume(container) {
            return Some(Cause::VolumeGone(target));
        }
        if self.planner.up.way.no_recreate {
            return None;
        }
        let is_other = file != self.desired.fingerprint.0
            || labels.get(label::FILES) != self.desired.labels.get(label::FILES);
        if is_other && !self.can_stay(container) {
            return Some(Cause::Changed(self.changes(container, changes)));
        }
        if let Some(network) = self.renewed_network(container) {
            return Some(Cause::NetworkRenewed(network));
        }
        let service = self.desired.service;
        if let Some(cause) = self.planner.is_orphaned(&self.desired.addr, service, container.created) {
            return Some(cause);
        }
        if self.planner.is_forced(&self.desired.addr) && !self.was_made(container) {
            let kind_differs = kind != self.desired.fingerprint.1.as_deref();
            return Some(if kind_differs {
                Cause::KindChanged(self.changes(container, kind_changes))
            } else {
                Cause::Asked
            });
        }
        let image = labels.get(label::IMAGE).map(String::as_str).unwrap_or_default();
        let (world, known, reference) = (self.planner.world, self.planner.known, &self.desired.spec.image);
        let home = world.home(&self.layer);
        let is_outdated = self.planner.images.is_outdated(world, known, &home, image, reference);
        is_outdated.then_some(Cause::ImageChanged)
    }

    /// Whether this run has made the container.
    fn was_made(&self, container: &ObservedContainer) -> bool {
        let known = self.planner.known;
        let home = known.home(&self.layer).unwrap_or(&self.layer);
        known.made.contains(&(home.clone(), container.name.clone()))
    }

    /// What the file asks for otherwise than a container was made, by its label. Nothing where it has none: an older
    /// nestctl made it.
    fn changes(
        &self,
        container: &ObservedContainer,
        changes: fn(&str, &str, &str, &Path) -> Vec<Field>,
    ) -> Vec<Field> {
        let Some(before) = container.labels.get(label::ASKED) else { return Vec::new() };
        let world = self.planner.world;
        let now = self.desired.asked_label(world);
        let mut fields =
            changes(before, &now, world.project(&self.layer).as_str(), &world.topology.directory);
        fields
            .iter_mut()
            .for_each(|field| words::name_file(field, &self.desired.service.behaviour.file_uses));
        fields
    }

    pub(super) fn plan(mut self) {
        let free = self.check_names();
        self.before.extend(free);
        match self.keep {
            Some(container)
                if self.others.is_empty()
                    && is_running(container)
                    && !self.planner.stopped.contains_key(&container.id) =>
            {
                self.remove_filled(&[]);
                self.running(container);
            }
            Some(container) if self.others.is_empty() && self.is_done(container) => self.done(),
            _ => self.start(),
        }
    }

    fn milestone(&self, stage: Stage) -> Milestone {
        Milestone::Service(self.desired.addr.clone(), stage)
    }

    fn wants(&self, stage: Stage) -> bool {
        self.planner.wanted.contains(&self.milestone(stage))
    }

    fn draft(&self, cause: Cause) -> Draft {
        let group = if self.others.is_empty() { Group::Up } else { Group::Recreate };
        Draft::service(&self.desired.addr, &self.layer, cause, group)
    }

    fn push(&mut self, cause: Cause, action: Action, needs: Vec<Need>) -> StepId {
        let draft = self.draft(cause);
        self.planner.builder.push(draft, action, needs)
    }

    /// A job that has ended well: somebody waits for its end, or nothing speaks for a server (no health check, no
    /// port, no restart policy that starts it again).
    fn is_done(&self, container: &ObservedContainer) -> bool {
        let spec = &self.desired.spec;
        let job = self.wants(Stage::Completed)
            || (!self.planner.up.way.foreground
                && self.desired.service.node.is_none()
                && spec.healthcheck.is_none()
                && spec.ports.is_empty()
                && spec.expose.is_empty()
                && matches!(spec.restart, RestartPolicy::No | RestartPolicy::OnFailure(_)));
        container.state == ContainerState::Exited && container.exit_code == Some(0) && job
    }

    fn done(&mut self) {
        for stage in [Stage::Created, Stage::Started, Stage::Completed, Stage::Ready] {
            let milestone = self.milestone(stage);
            self.planner.builder.reached(milestone);
        }
        self.after_start(&Running { name: self.desired.name.clone(), start: None, health: None, done: true });
    }

    fn running(&mut self, container: &ObservedContainer) {
        let mut start = self.mend_name(container);
        let mended = self.mend_networks(container);
        // A node's engine goes on meanwhile.
        if self.desired.service.node.is_none() {
            start = mended.last().copied().or(start);
        } else {
            start = None;
        }
        if container.state == ContainerState::Paused && self.starts() {
            start = Some(self.push(
                Cause::Paused,
                Action::Unpause { container: container.id.clone() },
                Vec::new(),
            ));
        }
        self.after_start(&Running {
            name: container.id.clone(),
            start,
            health: container.health,
            done: false,
        });
    }

    /// Creates what is missing, takes away what is in the way, and starts.
    fn start(&mut self) {
        let changes_image = self.cause == Cause::ImageChanged;
        let mut ready: Vec<Need> = self.preload.clone();
        let stopped = self.keep.and_then(|container| self.planner.stopped.get(&container.id)).cloned();
        ready.extend(stopped.iter().map(|(step, _)| after(*step)));
        ready.extend(self.planner.start_needs(&self.desired.addr));
        let replaced = self.others.iter().any(|other| other.name == self.desired.name);
        let (container, created) = if let Some(container) = self.keep {
            (container.id.clone(), None)
        } else {
            let name = if replaced { self.temporary_name() } else { self.desired.name.clone() };
            let step = self.create(&name, changes_image);
            self.planner.made.insert(self.desired.addr.clone());
            (name, Some(step))
        };
        let fresh = self.keep.is_none_or(|container| container.state == ContainerState::Created);
        // By its name, so all of it comes before the name changes.
        let furnished = if fresh { self.furnish(&container, created) } else { Vec::new() };
        ready.extend(furnished.iter().cloned());
        ready.extend(created.map(after));
        let removed = self.remove_others(created);
        self.remove_filled(&removed);
        ready.extend(removed.iter().copied().map(after));
        let mut name = container.clone();
        if let Some(keep) = self.keep {
            ready.extend(self.mend_networks(keep).into_iter().map(after));
        }
        let starts = self.starts();
        let mut there = created;
        if self.keep.map_or(replaced, |keep| keep.name != self.desired.name) {
            let mut needs: Vec<Need> = removed.into_iter().map(after).collect();
            needs.extend(created.map(after));
            needs.extend(furnished);
            let action = Action::Rename { container: container.clone(), name: self.desired.name.clone() };
            let renamed = self.push(Cause::Replaces, action, needs);
            ready.push(after(renamed));
            there = there.map(|_| renamed);
            if created.is_some() {
                name.clone_from(&self.desired.name);
            }
        }
        // Others call it by its name.
        if let Some(step) = there {
            let created = self.milestone(Stage::Created);
            self.planner.builder.reaches(step, created);
        }
        if !starts {
            if there.is_none() {
                let created = self.milestone(Stage::Created);
                self.planner.builder.reached(created);
            }
            return;
        }
        if fresh {
            ready = hooks::before_first_start(self.planner, &self.desired, ready);
        }
        let cause = match self.keep {
            None => self.cause.clone(),
            Some(container) if container.state == ContainerState::Created => Cause::Unfinished,
            Some(_) => match stopped {
                Some((_, because)) => Cause::DependencyReplaced(because),
                None => Cause::NotRunning,
            },
        };
        ready.extend(self.check_ports());
        let start = self.push(cause, Action::Start { container: name.clone() }, ready);
        let group = if self.others.is_empty() { Group::Up } else { Group::Recreate };
        let run: Vec<HookRun> = self.desired.service.behaviour.post_start.iter().map(hooks::run_of).collect();
        let place = (&self.layer, &self.desired.addr);
        let builder = &mut self.planner.builder;
        let last =
            hooks::in_container(builder, place, &name, HookPoint::PostStart, &run, group, vec![after(start)]);
        // What waits for the start waits for the hooks, as in Compose.
        self.after_start(&Running { name, start: Some(last.unwrap_or(start)), health: None, done: false });
    }

    /// Makes it once `before` is met, and starts nothing.
    pub(super) fn make_alone(mut self, before: Vec<Need>) {
        self.before = before;
        let name = self.desired.name.clone();
        let step = self.create(&name, false);
        self.furnish(&name, Some(step));
    }

    /// Whether this instance is started.
    fn starts(&self) -> bool {
        match self.planner.up.way.starts {
            Starts::All => true,
            Starts::Nodes => self.desired.service.node.is_some(),
            Starts::Nothing => false,
        }
    }

    fn temporary_name(&self) -> String {
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

    fn create(&mut self, name: &str, renew_image: bool) -> StepId {
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
            let action = Action::FillVolume {
                volume: fill.volume,
                target: fill.target,
                image: provided.image.clone(),
                helper: format!("{}.files", self.desired.name),
                labels,
                files: fill.files,
                trees: fill.trees,
            };
            let before = needs.clone();
            needs.push(after(self.push(self.cause.clone(), action, before)));
        }
        let mut spec = Arc::clone(&self.desired.spec);
        let inherited = self.keep_anonymous_volumes(&mut spec);
        let mut labels = self.desired.labels.clone();
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
    fn furnish(&mut self, container: &str, created: Option<StepId>) -> Vec<Need> {
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
            let (network, endpoint) = (network.clone(), endpoint.clone());
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
    fn remove_others(&mut self, created: Option<StepId>) -> Vec<StepId> {
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
    fn remove_filled(&mut self, removed: &[StepId]) {
        let used: Vec<&str> = self.desired.fills.iter().map(|fill| fill.volume.as_str()).collect();
        let needs: Vec<Need> = removed.iter().copied().map(after).collect();
        self.planner.remove_filled(&self.desired.addr, &used, &Cause::Unneeded, &needs);
    }

    /// Milestones after the start, and what must be waited for to reach them.
    fn after_start(&mut self, running: &Running) {
        let started = self.milestone(Stage::Started);
        let created = self.milestone(Stage::Created);
        match running.start {
            Some(step) => self.planner.builder.reaches(step, started),
            None => self.planner.builder.reached(started),
        }
        if !self.planner.builder.has(&created) {
            self.planner.builder.reached(created);
        }
        self.wait(running, Stage::Healthy, running.health == Some(Health::Healthy));
        self.wait(running, Stage::Completed, running.done);
        if self.desired.service.node.is_some() {
            self.enter(running);
            self.join_ready();
        } else if self.wants(Stage::Ready) {
            self.plain_ready(running);
        }
    }

    fn wait(&mut self, running: &Running, stage: Stage, reached: bool) {
        let milestone = self.milestone(stage);
        if !self.wants(stage) || self.planner.builder.has(&milestone) {
            return;
        }
        if reached && running.start.is_none() {
            self.planner.builder.reached(milestone);
            return;
        }
        let step = self.push_wait(running, stage);
        self.planner.builder.reaches(step, milestone);
    }

    fn push_wait(&mut self, running: &Running, stage: Stage) -> StepId {
        let timeout = match self.planner.up.wait {
            Wait::Ready(limit) => limit,
            Wait::Started => None,
        };
        let action = Action::Wait { container: running.name.clone(), stage, timeout };
        self.push(Cause::Awaited, action, running.start.map(after).into_iter().collect())
    }

    fn plain_ready(&mut self, running: &Running) {
        let ready = self.milestone(Stage::Ready);
        let healthy = self.milestone(Stage::Healthy);
        if self.planner.builder.has(&ready) {
            return;
        }
        let needs_health = self.planner.up.lab.graph.needs(&ready).iter().any(|(m, _)| **m == healthy);
        // Somebody waits for its end: a job. It is waited for once, so that its failure is told once.
        let completed = Some(self.milestone(Stage::Completed)).filter(|_| self.wants(Stage::Completed));
        let awaited = if needs_health { Some(healthy) } else { completed };
        let settled = running.start.is_none() && matches!(running.health, None | Some(Health::Healthy));
        if settled && awaited.as_ref().is_none_or(|stage| self.planner.builder.is_reached(stage)) {
            self.planner.builder.reached(ready);
        } else if let Some(stage) = awaited {
            let step = self.push(Cause::Awaited, Action::Join, vec![when(stage)]);
            self.planner.builder.reaches(step, ready);
        } else {
            let step = self.push_wait(running, Stage::Ready);
            self.planner.builder.reaches(step, ready);
        }
    }

    /// The engine inside: reached when its layer was observed and the node is not touched, else entered.
    fn enter(&mut self, running: &Running) {
        let inner = self.desired.addr.inner();
        let milestone = self.milestone(Stage::EngineUp);
        let answered = self.planner.known.home(&inner).is_some();
        let untouched = running.start.is_none() && !self.planner.leaving.contains(&inner);
        if answered && untouched {
            self.planner.builder.reached(milestone);
            return;
        }
        let Some(inside) = self.desired.inside.clone() else { return };
        if !self.planner.leaving.contains(&inner) {
            self.planner.leaving.push(inner.clone());
        }
        let paths = node_paths::worth_a_look(self.planner, &inner);
        let action = Action::Enter(Box::new(Enter {
            layer: inner,
            container: running.name.clone(),
            dial: inside.dial,
            boot: inside.boot,
            timeout: inside.timeout,
            paths,
        }));
        let mut needs: Vec<Need> = running.start.map(after).into_iter().collect();
        needs.extend(self.planner.stops_inside(&self.desired.addr));
        let step = self.push(Cause::Inside, action, needs);
        self.planner.builder.reaches(step, milestone);
    }

    fn join_ready(&mut self) {
        let ready = self.milestone(Stage::Ready);
        if !self.wants(Stage::Ready) {
            return;
        }
        let needs =
            self.planner.up.lab.graph.needs(&ready).into_iter().map(|(m, _)| when(m.clone())).collect();
        let step = self.push(Cause::Awaited, Action::Join, needs);
        self.planner.builder.reaches(step, ready);
    }
}

/// A container that runs, or will once a step has ended.
struct Running {
    name: String,
    start: Option<StepId>,
    health: Option<Health>,
    done: bool,
}
