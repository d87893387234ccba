//! Stopping, killing, pausing and removing, users before used and what is inside before its node.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::addr::Addr;
use crate::model::observed::{ContainerState, ObservedContainer};
use crate::plan::action::Action;
use crate::plan::builder::{Draft, after, after_end};
use crate::plan::cause::Cause;
use crate::plan::goal::Verb;
use crate::plan::inherited;
use crate::plan::known::Layer;
use crate::plan::ours;
use crate::plan::quiesce::{self, is_running, users_first, uses};
use crate::plan::step::{Group, Need, On, Resource, StepId};
use crate::plan::thaw;

use super::{Found, Living, has_own_engine};

impl<'a> Living<'a> {
    pub(super) fn end(&mut self) {
        let selected = self.selected();
        let listed: Vec<(&Addr, &ObservedContainer)> =
            selected.iter().map(|found| (&found.addr, found.container)).collect();
        let mut last: BTreeMap<Addr, Vec<StepId>> = BTreeMap::new();
        for (addr, container) in users_first(&listed) {
            let Some(found) = selected.iter().find(|found| found.container.id == container.id) else {
                continue;
            };
            let users = listed.iter().filter(|(other, user)| *other != addr && uses(other, user, addr));
            let needs: Vec<Need> = users
                .flat_map(|(other, _)| last.get(*other).cloned().unwrap_or_default())
                .map(after_end)
                .collect();
            if let Some(step) = self.end_one(found, needs) {
                last.entry(addr.clone()).or_default().push(step);
                self.ended.insert(container.id.clone(), step);
            }
        }
        if matches!(self.life.verb, Verb::Remove { .. }) {
            self.remove_files(&selected, &last);
        }
    }

    /// The containers that this verb has something to do with.
    fn selected(&self) -> Vec<Found<'a>> {
        let restarted = match self.life.verb {
            Verb::Restart { .. } => Some(self.restarted()),
            _ => None,
        };
        let is_asked = |found: &&Found<'a>| {
            let state = found.container.state;
            let is_live = is_running(found.container);
            let is_once = matches!(self.life.verb, Verb::Kill { .. } | Verb::Restart { .. });
            if is_once && self.known.dealt_with.contains(&found.container.id) {
                return false;
            }
            let wanted = match &self.life.verb {
                Verb::Stop | Verb::Kill { .. } => is_live,
                Verb::Pause => state == ContainerState::Running,
                Verb::Restart { .. } => is_live && !self.was_entered(&found.addr.layer()),
                Verb::Remove { stop, .. } => *stop || !is_live,
                Verb::Start | Verb::Unpause => false,
            };
            let meant =
                restarted.as_ref().map_or_else(|| self.is_meant(&found.addr), |it| it.contains(&found.addr));
            wanted && meant && self.is_in_scope(found)
        };
        let asked: Vec<Found<'a>> = self.all.iter().filter(is_asked).cloned().collect();
        // A node that is frozen or killed takes everything on its own engine with it.
        let whole = match &self.life.verb {
            Verb::Pause => true,
            Verb::Kill { signal } => signal.as_deref().is_none_or(is_kill),
            _ => false,
        };
        let goes_along = |found: &Found<'a>| {
            whole
                && asked.iter().any(|node| {
                    has_own_engine(node.container) && found.addr.layer().is_within(&node.addr.inner())
                })
        };
        asked.iter().filter(|found| !goes_along(found)).cloned().collect()
    }

    /// The last step of ending one container.
    fn end_one(&mut self, found: &Found<'a>, mut needs: Vec<Need>) -> Option<StepId> {
        let Found { addr, container, .. } = found;
        let engine = self.engine(found);
        let id = container.id.clone();
        let silent = matches!(self.known.layers.get(&addr.inner()), Some(Layer::Silent(_)));
        let cause = if silent && has_own_engine(container) { Cause::EngineSilent } else { Cause::Asked };
        let verb = self.life.verb.clone();
        let is_killed = matches!(&verb, Verb::Kill { signal } if signal.as_deref().is_none_or(is_kill));
        let ends = is_killed || (silent && verb != Verb::Pause && is_running(container));
        if ends && thaw::may_be_frozen(self.known, addr, container) {
            needs = thaw::thaw(&mut self.builder, self.known, (&engine, addr), container, needs);
        }
        let action = match &verb {
            Verb::Kill { signal } => Action::Kill { container: id, signal: signal.clone() },
            Verb::Pause => Action::Pause { container: id },
            Verb::Stop | Verb::Restart { .. } => {
                self.leaving.push(addr.inner());
                return self.stop(found, &cause, needs);
            }
            Verb::Remove { volumes, .. } => {
                if is_running(container)
                    && let Some(stop) = self.stop(found, &cause, std::mem::take(&mut needs))
                {
                    needs = vec![after(stop)];
                }
                let action = Action::Remove { container: id, volumes: *volumes };
                let draft = Draft::service(addr, &engine, cause.clone(), Group::Down);
                let step = self.builder.push(draft, action, needs);
                if *volumes {
                    let (place, builder, kept) = ((&engine, addr), &mut self.builder, BTreeSet::new());
                    inherited::remove(builder, place, container, &cause, Group::Down, step, &kept);
                }
                return Some(step);
            }
            Verb::Start | Verb::Unpause => return None,
        };
        Some(self.builder.push(Draft::service(addr, &engine, cause, Group::Down), action, needs))
    }

    fn stop(&mut self, found: &Found<'a>, cause: &Cause, needs: Vec<Need>) -> Option<StepId> {
        let engine = self.engine(found);
        let (builder, grace) = (&mut self.builder, self.life.grace);
        let need = quiesce::stop_within(
            builder,
            &engine,
            &found.addr,
            found.container,
            cause,
            Group::Down,
            needs,
            grace,
        );
        match need.on {
            On::Step(step) => Some(step),
            On::Milestone(_) => None,
        }
    }

    /// Volumes of files of a service none of whose containers stays.
    fn remove_files(&mut self, removed: &[Found<'a>], last: &BTreeMap<Addr, Vec<StepId>>) {
        for (addr, volumes) in ours::filled_volumes(self.known, &self.life.project) {
            let goes = |found: &Found<'_>| removed.iter().any(|it| it.container.id == found.container.id);
            if !self.at(&addr).all(goes) {
                continue;
            }
            let Some(found) = removed.iter().find(|found| found.addr == addr) else { continue };
            let engine = self.engine(found);
            for volume in volumes {
                let of = Resource::Volume(addr.layer(), volume.to_owned());
                let draft = Draft { layer: engine.clone(), of, cause: Cause::Unneeded, group: None };
                let needs = last.get(&addr).into_iter().flatten().map(|step| after(*step)).collect();
                self.builder.push(draft, Action::RemoveVolume { volume: volume.to_owned() }, needs);
            }
        }
    }
}

/// Whether a signal ends a container for certain.
fn is_kill(signal: &str) -> bool {
    matches!(signal, "KILL" | "SIGKILL" | "9")
}
