//! Anonymous volumes of what is replaced: they go on with the new container, as in Compose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::container::{ContainerSpec, Mount, MountSource};
use crate::model::label;
use crate::model::observed::ObservedContainer;
use crate::plan::asked::changes;
use crate::plan::field::Value;
use crate::plan::hooks;
use crate::plan::inherited;
use crate::plan::quiesce::is_running;

use super::Bringing;

impl Bringing<'_, '_> {
    /// Where a container that does not run has a volume that its engine does not have any more: it cannot be started.
    /// An anonymous one goes with the container that it was made for, and one that was made in its place and has not
    /// run yet does not hold it.
    pub(super) fn lost_volume(&self, container: &ObservedContainer) -> Option<String> {
        if is_running(container) {
            return None;
        }
        let is_lost = |volume: &String| self.is_gone(volume);
        let lost = container.mounts.iter().find(|mount| mount.volume.as_ref().is_some_and(is_lost));
        lost.map(|mount| mount.target.clone())
    }

    fn is_gone(&self, volume: &str) -> bool {
        let seen = self.planner.known.seen(&self.layer);
        seen.is_some_and(|seen| seen.volumes.iter().all(|it| it.name != volume))
    }

    /// Lets the new container have them. The names of those that it mounts by name: no engine removes these with their
    /// container.
    pub(super) fn keep_anonymous_volumes(&mut self, spec: &mut Arc<ContainerSpec>) -> BTreeSet<String> {
        let kept = if self.planner.up.way.renew_volumes { BTreeMap::new() } else { self.anonymous(spec) };
        if kept.is_empty() {
            return BTreeSet::new();
        }
        self.kept.extend(kept.values().cloned());
        if let Some(other) = self.others.iter().find(|other| self.brings_these_alone(other, spec, &kept)) {
            let spec = Arc::make_mut(spec);
            spec.mounts.retain(|mount| !kept.contains_key(&mount.target));
            spec.volumes_from.insert(0, other.id.clone());
            return BTreeSet::new();
        }
        let mounts = &mut Arc::make_mut(spec).mounts;
        for (target, volume) in &kept {
            let own = mounts.iter_mut().find(|own| own.target == *target);
            if let Some(Mount { source: MountSource::Volume { name, .. }, .. }) = own {
                *name = Some(volume.clone());
            } else {
                let source = MountSource::volume(Some(volume.clone()));
                mounts.push(Mount::new(target.clone(), source, false));
            }
        }
        kept.into_values().collect()
    }

    /// The anonymous volumes of what is replaced that the new one is to have, by target: where the file has one without
    /// a name too, or nothing; the image asks for it then.
    fn anonymous(&self, spec: &ContainerSpec) -> BTreeMap<String, String> {
        let mut kept = BTreeMap::new();
        // Of several, those of the one that has the name: it is the last that was complete.
        let mut others = self.others.clone();
        others.sort_by_key(|other| (other.name == self.desired.name, is_running(other), other.created));
        for mount in others.iter().flat_map(|other| &other.mounts) {
            let Some(volume) = mount.volume.as_ref().filter(|name| inherited::is_anonymous(name)) else {
                continue;
            };
            // What `volumes_from` brings is another's, and comes with it.
            if self.is_gone(volume)
                || self.planner.is_borrowed(&self.desired.addr, self.desired.service, volume)
            {
                continue;
            }
            let own = spec.mounts.iter().find(|own| own.target == mount.target);
            if own.is_none_or(|own| matches!(own.source, MountSource::Volume { name: None, .. })) {
                kept.insert(mount.target.clone(), volume.clone());
            }
        }
        kept
    }

    /// Whether `volumes_from` would bring from a container what is kept of it and nothing else. Then the volumes stay
    /// without a name for the engine, which removes them with the container also where a run is killed in between, or
    /// somebody does it by hand.
    fn brings_these_alone(
        &self,
        other: &ObservedContainer,
        spec: &ContainerSpec,
        kept: &BTreeMap<String, String>,
    ) -> bool {
        let is_own = |target: &str| spec.mounts.iter().any(|own| own.target == target);
        let has = |target: &str, volume: &str| {
            other.mounts.iter().any(|it| it.target == target && it.volume.as_deref() == Some(volume))
        };
        let fields = self.changes(other, changes);
        // What was read-only there would stay so.
        let stays = |target: &String| {
            let field = format!("volumes.{target}");
            fields.iter().all(|it| it.path != field || Value::Absent == it.from || Value::Absent == it.to)
        };
        // The hook's container would take them along: a name holds them.
        let hooks = &self.desired.service.behaviour.pre_start;
        let is_alone = hooks.iter().all(|hook| !hooks::has_own_volumes(spec, hook));
        is_alone
            && other.labels.contains_key(label::ASKED)
            && !other.labels.contains_key(label::INHERITED)
            && self.lost_volume(other).is_none()
            && other.mounts.iter().all(|mount| kept.contains_key(&mount.target) || is_own(&mount.target))
            && kept.iter().all(|(target, volume)| has(target, volume))
            && kept.keys().all(stays)
    }
}
