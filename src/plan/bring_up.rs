//! One instance: from what runs to what is wanted. DESIGN 12.4, "one service, by what was observed".

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::addr::LayerPath;
use crate::model::container::RestartPolicy;
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::{ContainerState, ObservedContainer};

use super::action::{Action, HookPoint, HookRun};
use super::asked::{changes, kind_changes};
use super::builder::{Draft, after};
use super::cause::Cause;
use super::desired::Desired;
use super::field::Field;
use super::goal::Starts;
use super::hooks;
use super::quiesce::is_running;
use super::step::{Group, Need, StepId};
use super::up::Planner;
use super::words;

mod anonymous;
mod drift;
mod held;
mod make;
mod ready;

use ready::Running;

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

    /// Whether this instance is started.
    fn starts(&self) -> bool {
        match self.planner.up.way.starts {
            Starts::All => true,
            Starts::Nodes => self.desired.service.node.is_some(),
            Starts::Nothing => false,
        }
    }
}
