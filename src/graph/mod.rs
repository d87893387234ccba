//! The milestone graph over all layers: cycles, order, what a target needs. Alone names petgraph.

pub mod lab_graph;
