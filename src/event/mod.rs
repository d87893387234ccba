//! What happened, as facts: no text, no colour, no display options.
//!
//! Sits below `engine` and `executor` so that reporters need neither.

pub mod event;
pub mod outcome;
pub mod protocol;
pub mod sink;
pub mod timings;
