//! What a rule is given.

use crate::model::addr::LayerPath;
use crate::model::topology::{Layer, Topology};
use crate::spec::lower::lowering::Notes;
use crate::spec::problems::Problems;

/// A lab to check.
pub(crate) struct Lab<'a> {
    pub(crate) topology: &'a Topology,
    /// Every layer with its path, replicas taken as the first, outermost first.
    pub(crate) layers: Vec<(LayerPath, &'a Layer)>,
    pub(crate) notes: &'a Notes,
    pub(crate) problems: &'a Problems,
}

impl<'a> Lab<'a> {
    pub(crate) fn new(topology: &'a Topology, notes: &'a Notes, problems: &'a Problems) -> Self {
        let is_first = |path: &LayerPath| path.parts().iter().all(|part| part.number == 1);
        let layers = topology.layers().into_iter().filter(|(path, _)| is_first(path)).collect();
        Self { topology, layers, notes, problems }
    }
}
