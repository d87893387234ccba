//! The milestone graph over all layers: cycles, order, what a target needs. Alone names petgraph.
//!
//! Knows the topology only: not what runs, not what a plan is.

pub mod cycle;
pub mod expand;
pub mod lab_graph;
