//! What others hold that an instance needs: its name, and its fixed ports.

use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::Addr;
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::ObservedContainer;
use crate::plan::builder::{after, after_end, when};
use crate::plan::cause::Cause;
use crate::plan::claims;
use crate::plan::ours::is_ours;
use crate::plan::quiesce::is_running;
use crate::plan::step::{Group, Need};

use super::Bringing;

impl Bringing<'_, '_> {
    /// The container's name must be free, or held by this very instance, or by one that goes: the need is met then.
    pub(super) fn check_names(&mut self) -> Option<Need> {
        let seen = self.planner.known.seen(&self.layer)?;
        let name = &self.desired.name;
        let own = |container: &ObservedContainer| {
            self.keep.into_iter().chain(self.others.iter().copied()).any(|c| c.id == container.id)
        };
        let holder = seen.containers.iter().find(|container| container.name == *name && !own(container))?;
        if let Some(removed) = self.planner.builder.removal_of(&holder.id) {
            return Some(after(removed));
        }
        let project = &self.planner.world.topology.project;
        let whose = holder
            .labels
            .get(label::ADDRESS)
            .filter(|_| is_ours(&holder.labels, project, &self.planner.known.root_id));
        let compose = holder.labels.get(label::COMPOSE_PROJECT);
        let (who, help) = match (whose, compose) {
            (Some(addr), _) => (
                format!("`{addr}` of this lab"),
                "remove it with `--remove-orphans`, or give one of them another name".to_owned(),
            ),
            (None, Some(compose)) => (
                format!("the Compose project `{compose}`"),
                format!(
                    "take that down first (`docker compose -p {compose} down`), or give this lab another `name`"
                ),
            ),
            (None, None) => (
                "another container".to_owned(),
                format!("remove it (`docker rm -f {name}`), or give this lab another `name`"),
            ),
        };
        let problem = Diagnostic::error(
            Code::Taken,
            format!("container name `{name}` of `{}` is held by {who}", self.desired.addr),
        );
        self.planner.problem(problem.help(help), self.desired.service.span);
        None
    }

    /// Fixed ports must not be held by a running container of somebody else. One of the lab that has the port until now
    /// stops first; the needs are met then.
    pub(super) fn check_ports(&mut self) -> Vec<Need> {
        let known = self.planner.known;
        let Some(seen) = known.seen(&self.layer) else { return Vec::new() };
        let project = &self.planner.world.topology.project;
        let spec = Arc::clone(&self.desired.spec);
        let mut needs = Vec::new();
        for port in &spec.ports {
            let Some((first, _)) = port.host.filter(|(first, last)| first == last) else { continue };
            let own = |container: &ObservedContainer| {
                self.keep.into_iter().chain(self.others.iter().copied()).any(|it| it.id == container.id)
            };
            let holder = seen.containers.iter().find(|container| {
                is_running(container)
                    && !own(container)
                    && container.ports.iter().any(|held| {
                        held.host == Some(first)
                            && held.protocol == port.protocol
                            && claims::addresses_meet(Some(&held.host_ip), port.host_ip.as_deref())
                    })
            });
            let Some(holder) = holder else { continue };
            let addr = holder.labels.get(label::ADDRESS).and_then(|text| text.parse::<Addr>().ok());
            let addr = addr.filter(|_| is_ours(&holder.labels, project, &known.root_id));
            if let Some(step) = self.planner.builder.stop_of(&holder.id) {
                needs.push(after_end(step));
                continue;
            }
            let started = addr.clone().map(|addr| Milestone::Service(addr, Stage::Started));
            if let Some(started) = started.filter(|_| addr.as_ref().is_some_and(|it| self.is_giving_way(it)))
            {
                needs.push(when(started));
                continue;
            }
            if let Some(addr) = addr.as_ref().filter(|addr| self.gives_way(addr)) {
                let dependents = self.planner.stop_dependents(addr);
                let (cause, holder) =
                    (Cause::PortMoves(self.desired.addr.clone()), vec![(addr.clone(), holder)]);
                needs.extend(self.planner.stop_ahead(holder, &dependents, &cause, Group::Recreate, None));
                continue;
            }
            let (who, help) = match addr {
                Some(addr) if self.planner.world.topology.has(&addr) => (
                    format!("`{addr}` of this lab, which had it until now"),
                    format!("bring `{addr}` up as well"),
                ),
                Some(addr) => (
                    format!("`{addr}` of this lab, which is not in the file any more"),
                    "remove it with `--remove-orphans`".to_owned(),
                ),
                None => (
                    format!("container `{}`", holder.name),
                    format!("stop `{}`, or publish another port", holder.name),
                ),
            };
            let addr = &self.desired.addr;
            let claims = claims::claimed(self.planner.world, addr);
            let claim = claims.iter().find(|it| it.number == first && it.protocol == port.protocol);
            let carried = claim.filter(|claim| claim.by != *addr);
            let message = format!(
                "port {first}/{} of `{addr}`{} is held by {who}",
                port.protocol.as_str(),
                carried.map(|claim| format!(", which `{}` publishes,", claim.by)).unwrap_or_default(),
            );
            let span = claim.map_or_else(|| self.desired.service.span_of("ports"), |claim| claim.span);
            self.planner.problem(Diagnostic::error(Code::Taken, message).help(help), span);
        }
        needs
    }

    /// Whether an earlier plan of this run makes an instance of the lab anew, as the file gives its port to another: a
    /// layer that shares its engine is planned once its own node has been entered.
    fn is_giving_way(&self, addr: &Addr) -> bool {
        let started = Milestone::Service(addr.clone(), Stage::Started);
        !self.planner.scope.contains(&addr.layer())
            && !self.planner.up.way.no_recreate
            && self.planner.known.promised.contains(&started)
    }

    /// Whether an instance of the lab is still to be made anew, as the file gives its port to another: its layer may be
    /// inside the instance for which this is asked, or beside it, on the same engine.
    fn gives_way(&self, addr: &Addr) -> bool {
        !self.planner.up.way.no_recreate && self.planner.is_still_to_plan(addr)
    }
}
