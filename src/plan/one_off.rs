//! A container beside those of the file: `run`. After docker/compose `pkg/compose/run.go`.

use std::sync::Arc;

use crate::model::addr::LayerPath;
use crate::model::container::RestartPolicy;
use crate::model::label;

use super::bring_up::Bringing;
use super::desired::{Circumstances, Desired};
use super::step::Need;
use super::up::Planner;

/// Plans the one-off container, if there is one in this layer: it is made when all that its service needs is as it
/// is to be, and not started.
pub(super) fn plan(planner: &mut Planner<'_>, layer: &LayerPath, preload: &[Need]) {
    let up = planner.up;
    let Some(one) = up.way.one_off.as_deref().filter(|one| one.addr.layer() == *layer) else { return };
    let dependencies = up.lab.graph.dependencies(&one.addr);
    let (world, known) = (planner.world, planner.known);
    let mut desired =
        Desired::new(world, known, &dependencies, &one.addr, &one.service, &Circumstances::default());
    desired.name.clone_from(&one.name);
    let labels = &mut desired.labels;
    labels.remove(label::FINGERPRINT);
    labels.remove(label::NUMBER);
    let mut set = |key: &str, value: &str| labels.insert(key.to_owned(), value.to_owned());
    set(label::ROLE, label::ROLE_RUN);
    set(label::COMPOSE_ONEOFF, "True");
    set(label::COMPOSE_SLUG, &one.slug);
    set(label::COMPOSE_NUMBER, "1");
    let spec = Arc::make_mut(&mut desired.spec);
    spec.restart = RestartPolicy::No;
    if !one.use_aliases {
        spec.networks.iter_mut().for_each(|(_, endpoint)| endpoint.aliases.clear());
    }
    if !one.service_ports {
        spec.ports.clone_from(&one.service.spec.ports);
    }
    let mut before = preload.to_vec();
    before.extend(planner.start_needs(&one.addr));
    Bringing::new(planner, desired, Vec::new(), Vec::new()).make_alone(before);
}
