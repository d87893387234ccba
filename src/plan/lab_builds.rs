//! The builds of a lab as if nothing were there yet, each with a name: no engine is asked for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::{Addr, LayerPath};
use crate::model::behaviour::FileSource;
use crate::model::label;
use crate::model::topology::Topology;

use super::action::{Action, BuildOrder};
use super::goal::Up;
use super::known::Known;
use super::step::StepId;
use super::up;
use super::wanted::meant;

/// A build, and what it is called among those of the lab.
#[derive(Clone, Debug)]
pub struct LabBuild {
    /// The service's address without numbers, with `_` between its parts.
    pub name: String,
    /// Whether the user meant it; else another one uses its image.
    pub is_meant: bool,
    /// What is asked for.
    pub order: BuildOrder,
    /// Secrets that come from the environment, by their keys: the variable.
    pub variables: BTreeMap<String, String>,
}

/// All builds that `up` asks for, in their order; the problems of those that cannot work.
pub fn lab_builds(up: &Up) -> Result<Vec<LabBuild>, Diagnostics> {
    let topology = &up.lab.topology;
    let basis = up::Basis::new(up);
    let plan = up::plan(&basis, &Known::default(), &BTreeSet::from([LayerPath::root()]), StepId(0));
    if plan.problems.has_errors() {
        return Err(plan.problems);
    }
    let meant = meant(up, &basis.world);
    let instances: Vec<Addr> = topology.instances().into_iter().map(|(addr, _)| addr).collect();
    let orders = plan.steps.into_iter().filter_map(|step| match step.action {
        Action::Build(order) => Some(*order),
        _ => None,
    });
    let named = |order: BuildOrder| {
        let addr = instances.iter().find(|addr| is_of(topology, addr, &order));
        let layer = addr.and_then(|addr| topology.layer(&addr.layer()));
        let secrets = layer.into_iter().flat_map(|layer| &layer.secrets);
        let variables = secrets.filter_map(|(key, def)| match &def.source {
            FileSource::Environment(name) => Some((key.clone(), name.clone())),
            _ => None,
        });
        LabBuild {
            name: addr.map(name).unwrap_or_default(),
            is_meant: addr.is_none_or(|addr| meant.contains(addr)),
            variables: variables.collect(),
            order,
        }
    };
    Ok(orders.map(named).collect())
}

/// Whether an order is for the image of this instance: by the labels that it puts on it.
fn is_of(topology: &Topology, addr: &Addr, order: &BuildOrder) -> bool {
    let label = |key: &str| order.spec.labels.get(key).map(String::as_str);
    label(label::COMPOSE_SERVICE) == Some(addr.service().as_str())
        && label(label::COMPOSE_PROJECT) == Some(topology.project_of(&addr.layer()).as_str())
}

/// What bake takes as a name.
fn name(addr: &Addr) -> String {
    let text = addr.to_string();
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    text.chars().map(fits).collect()
}
