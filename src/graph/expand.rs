//! From what a dependency names to the instances that it means.

use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::service::Target;
use crate::model::topology::Topology;

/// The instances that `target` means when an instance of `layer` names it, in the order of addresses. Empty when
/// there is no such service (the parser has said so).
pub fn expand(topology: &Topology, layer: &LayerPath, target: &Target) -> Vec<Addr> {
    match target {
        Target::Relative(pattern) => matching_in(topology, layer, pattern),
        Target::Absolute(pattern) => matching(topology, pattern),
    }
}

/// The instances that a pattern from the root means.
pub fn matching(topology: &Topology, pattern: &Pattern) -> Vec<Addr> {
    matching_in(topology, &LayerPath::root(), pattern)
}

fn matching_in(topology: &Topology, layer: &LayerPath, pattern: &Pattern) -> Vec<Addr> {
    let mut layers = vec![layer.clone()];
    let mut found = Vec::new();
    for (service, number) in pattern.parts() {
        found.clear();
        for path in &layers {
            let Some(service) = topology.layer(path).and_then(|layer| layer.services.get(service)) else {
                continue;
            };
            let numbers = 1..=service.scale;
            found.extend(
                numbers
                    .filter(|n| number.is_none_or(|wanted| wanted == *n))
                    .map(|n| path.join(&service.name, n)),
            );
        }
        layers.clear();
        layers.extend(found.iter().map(Addr::inner));
    }
    found
}
