//! The graph.

use crate::diag::diagnostics::Diagnostics;
use crate::model::topology::Topology;

/// The milestones of a lab and their needs.
#[derive(Debug, Default)]
pub struct LabGraph {}

impl LabGraph {
    /// Builds the graph.
    pub fn build(topology: &Topology) -> (Self, Diagnostics) {
        let _ = topology;
        (Self {}, Diagnostics::new())
    }
}
