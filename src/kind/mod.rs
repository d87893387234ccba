//! Engine kinds: how a node hosts its engine, as data.
//!
//! A kind is a pure function from a node to container options, data volumes, readiness, how to dial, stop
//! signal and grace, and limits. One file a kind, one row in [`kinds::KINDS`]; adding one touches nothing else.
//! Knows the model only: no engine, no file, no plan.

pub mod kind;
pub mod kinds;
