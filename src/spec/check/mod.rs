//! What a whole lab must satisfy beyond its parts: one rule a file, all in [`rules::RULES`].
//!
//! Rules read the topology and note problems; they change nothing. What needs an engine's answer, or an order,
//! is the planner's and the graph's.

pub(crate) mod address;
pub(crate) mod dependency;
pub(crate) mod image;
pub(crate) mod lab;
pub(crate) mod network;
pub(crate) mod publish;
pub(crate) mod rules;
pub(crate) mod unused;
pub(crate) mod volume;
