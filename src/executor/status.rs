//! The lab as it was observed, as rows.

use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::status::ServiceStatus;
use crate::plan::known::Known;
use crate::plan::ours;

/// Every service container of the lab on every engine that answered, in the order of addresses.
pub fn statuses(known: &Known, project: &ProjectName) -> Vec<ServiceStatus> {
    let rows = ours::containers(known, project).into_iter().map(|ours| ServiceStatus {
        kind: ours.kind().map(str::to_owned),
        container: ours.container.name.clone(),
        id: ours.container.id.clone(),
        image: ours.container.image.clone(),
        state: ours.container.state,
        health: ours.container.health,
        exit_code: ours.container.exit_code.filter(|_| ours.container.state == ContainerState::Exited),
        ports: ours.container.ports.clone(),
        engine_version: known.facts(&ours.home).map(|facts| facts.version.clone()),
        created: ours.container.created,
        engine: ours.home,
        addr: ours.addr,
    });
    rows.collect()
}
