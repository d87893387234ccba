//! Desired × observed → steps with causes. Pure, synchronous, total: no clock, no engine, no file.
//!
//! Everything that is to be decided is decided here; the executor only carries out.

pub mod action;
pub mod cause;
pub mod goal;
pub mod known;
pub mod ours;
pub mod plan;
pub mod step;
