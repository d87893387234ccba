//! The graph.

/// The milestones of a lab and their needs.
#[derive(Debug, Default)]
pub struct LabGraph {}
