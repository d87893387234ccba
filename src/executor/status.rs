//! The lab as it was observed, as rows.

use crate::kind::kind::Hosting;
use crate::kind::kinds;
use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::status::ServiceStatus;
use crate::plan::known::{Known, Layer};
use crate::plan::ours::{self, Ours};

/// Every service container of the lab on every engine that answered, in the order of addresses.
pub fn statuses(known: &Known, project: &ProjectName) -> Vec<ServiceStatus> {
    ours::containers(known, project).into_iter().map(|ours| status(known, ours, false)).collect()
}

/// As [`statuses`], with the one-off containers (`run`) after the service that each is beside.
pub fn statuses_with_one_offs(known: &Known, project: &ProjectName) -> Vec<ServiceStatus> {
    let one_offs = ours::with_role(known, project, Some(label::ROLE_RUN));
    let mut rows = statuses(known, project);
    rows.extend(one_offs.into_iter().map(|ours| status(known, ours, true)));
    rows.sort_by(|a, b| (&a.addr, a.one_off, a.created).cmp(&(&b.addr, b.one_off, b.created)));
    rows
}

fn status(known: &Known, ours: Ours<'_>, one_off: bool) -> ServiceStatus {
    ServiceStatus {
        kind: ours.kind().map(str::to_owned),
        one_off,
        container: ours.container.name.clone(),
        id: ours.container.id.clone(),
        image: ours.container.image.clone(),
        state: ours.container.state,
        health: ours.container.health,
        exit_code: ours.container.exit_code.filter(|_| ours.container.state == ContainerState::Exited),
        ports: ours.container.ports.clone(),
        engine_version: known.facts(&ours.home).map(|facts| facts.version.clone()),
        inside_seen: inside_seen(known, &ours).filter(|_| !one_off),
        created: ours.container.created,
        engine: ours.home,
        addr: ours.addr,
    }
}

/// Whether what is inside a node was seen. What is below a `socket` node is on the engine around it.
fn inside_seen(known: &Known, ours: &Ours<'_>) -> Option<bool> {
    let kind = kinds::find(ours.kind()?)?;
    let answered = matches!(known.layers.get(&ours.addr.inner()), Some(Layer::Answered(_)));
    Some(answered || kind.hosting == Hosting::Parents)
}
