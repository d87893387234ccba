//! What others hold that an instance needs: its name, and its fixed ports.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::label;
use crate::model::observed::ObservedContainer;
use crate::plan::claims;
use crate::plan::ours::is_ours;
use crate::plan::quiesce::is_running;

use super::Bringing;

impl Bringing<'_, '_> {
    /// The container's name must be free, or held by this very instance.
    pub(super) fn check_names(&mut self) {
        let Some(seen) = self.planner.known.seen(&self.layer) else { return };
        let name = &self.desired.name;
        let own = |container: &ObservedContainer| {
            self.keep.into_iter().chain(self.others.iter().copied()).any(|c| c.id == container.id)
        };
        let Some(holder) =
            seen.containers.iter().find(|container| container.name == *name && !own(container))
        else {
            return;
        };
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
    }

    /// Fixed ports must not be held by a running container of somebody else.
    pub(super) fn check_ports(&mut self) {
        let Some(seen) = self.planner.known.seen(&self.layer) else { return };
        let project = &self.planner.world.topology.project;
        let mut problems = Vec::new();
        for port in &self.desired.spec.ports {
            let Some((first, _)) = port.host.filter(|(first, last)| first == last) else { continue };
            let holder = seen.containers.iter().find(|container| {
                is_running(container)
                    && !is_ours(&container.labels, project, &self.planner.known.root_id)
                    && container.ports.iter().any(|held| {
                        held.host == Some(first)
                            && held.protocol == port.protocol
                            && claims::addresses_meet(Some(&held.host_ip), port.host_ip.as_deref())
                    })
            });
            if let Some(holder) = holder {
                problems.push(
                    Diagnostic::error(
                        Code::Taken,
                        format!(
                            "port {first}/{} of `{}` is held by container `{}`",
                            port.protocol.as_str(),
                            self.desired.addr,
                            holder.name
                        ),
                    )
                    .help(format!("stop `{}`, or publish another port", holder.name)),
                );
            }
        }
        let span = self.desired.service.span_of("ports");
        for problem in problems {
            self.planner.problem(problem, span);
        }
    }
}
