//! nestctl: Compose for nested containers.
//!
//! The modules in reading order, each importing only those above it (`tests/tidy.rs` holds the table):
//!
//! | module | owns |
//! |---|---|
//! | [`model`] | names, addresses, specs, what was observed |
//! | [`kind`] | how a node hosts its engine, as data |
//! | [`diag`] | problems as values, with places |
//! | [`spec`] | text → [`model::topology::Topology`] |
//! | [`graph`] | milestones, cycles, order |
//! | [`plan`] | desired × observed → steps with causes |
//! | [`event`] | what happened, as data |
//! | [`engine`] | one container daemon: the port, the Docker adapter, the fake |
//! | [`transfer`] | images and files between engines |
//! | [`executor`] | survey, schedule, dispatch, wait |
//! | [`ops`] | one use case a file |
//! | [`report`] | values → text |
//! | [`cli`] | arguments, terminal, signals |

pub mod cli;
pub mod diag;
pub mod engine;
pub mod event;
pub mod executor;
pub mod graph;
pub mod kind;
pub mod model;
pub mod ops;
pub mod plan;
pub mod report;
pub mod spec;
pub mod transfer;
