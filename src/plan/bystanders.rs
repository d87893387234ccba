//! Containers that ran until this run stopped them, with their node or for something that they depend on, and that nothing
//! in the file starts: services of inactive profiles, those that the file does not have any more and that stay, and those
//! that were not meant. They run again, as the same containers.

use std::collections::BTreeMap;

use crate::model::addr::{Addr, LayerPath};
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::ObservedContainer;

use super::builder::{after, when};
use super::cause::Cause;
use super::goal::Starts;
use super::hooks;
use super::quiesce::{is_running, needs_of, users_first};
use super::step::{Need, StepId};
use super::up::Planner;

impl Planner<'_> {
    /// Starts them in a layer whose own services have been planned, used before users.
    pub(super) fn start_bystanders(&mut self, path: &LayerPath) {
        if self.up.way.starts != Starts::All {
            return;
        }
        let here = self.existing.iter().filter(|(addr, _)| addr.layer() == *path && self.stays_aside(addr));
        let all = here.flat_map(|(addr, containers)| containers.iter().map(move |it| (addr.clone(), *it)));
        let stopped: Vec<(Addr, &ObservedContainer)> =
            all.filter(|(_, it)| self.was_stopped(it) && !self.builder.removes(&it.id)).collect();
        let listed: Vec<(&Addr, &ObservedContainer)> = stopped.iter().map(|(addr, it)| (addr, *it)).collect();
        let mut started: BTreeMap<&Addr, StepId> = BTreeMap::new();
        for (addr, container) in users_first(&listed).into_iter().rev() {
            let mut needs: Vec<Need> =
                self.stopped.get(&container.id).map(|(step, _)| after(*step)).into_iter().collect();
            for needed in needs_of(container) {
                let milestone = Milestone::Service(needed.clone(), Stage::Started);
                match started.get(&needed) {
                    Some(step) => needs.push(after(*step)),
                    None if self.wanted.contains(&milestone) => needs.push(when(milestone)),
                    None => {}
                }
            }
            let step = hooks::start(&mut self.builder, (path, addr), container, Cause::NotRunning, needs);
            started.insert(addr, step);
        }
    }

    /// Whether what is at an address stays, and nothing in this plan brings it up.
    fn stays_aside(&self, addr: &Addr) -> bool {
        !self.planned.contains(addr) && (self.world.topology.has(addr) || !self.takes_away(addr))
    }

    fn was_stopped(&self, container: &ObservedContainer) -> bool {
        let before = self.known.stopped.contains(&container.id) && !is_running(container);
        before || self.stopped.contains_key(&container.id)
    }
}
