//! What a rule is given.

use crate::model::addr::LayerPath;
use crate::model::topology::{Layer, Topology};
use crate::spec::lower::lowering::Notes;
use crate::spec::problems::Problems;

/// A lab to check.
pub(crate) struct Lab<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) notes: &'a Notes,
    pub(crate) problems: &'a Problems,
}

impl<'a> Lab<'a> {
    /// Every layer with its path, replicas taken as the first, outermost first.
    pub(crate) fn layers(&self) -> Vec<(LayerPath, &'a Layer)> {
        let mut out = vec![(LayerPath::root(), &self.topology.root)];
        let mut next = 0;
        while let Some((path, layer)) = out.get(next).cloned() {
            for service in layer.services.values() {
                if let Some(node) = &service.node {
                    out.push((path.join(&service.name, 1).inner(), &node.inner));
                }
            }
            next += 1;
        }
        out
    }
}
