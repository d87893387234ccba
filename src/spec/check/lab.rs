//! What a rule is given.

use crate::model::addr::LayerPath;
use crate::model::topology::{Layer, Topology};
use crate::spec::lower::lowering::Notes;
use crate::spec::problems::Problems;

/// A lab to check.
pub(crate) struct Lab<'a> {
    pub(crate) topology: &'a Topology,
    /// [`Topology::written_layers`].
    pub(crate) layers: Vec<(LayerPath, &'a Layer)>,
    pub(crate) notes: &'a Notes,
    pub(crate) problems: &'a Problems,
}

impl<'a> Lab<'a> {
    pub(crate) fn new(topology: &'a Topology, notes: &'a Notes, problems: &'a Problems) -> Self {
        Self { topology, layers: topology.written_layers(), notes, problems }
    }
}
