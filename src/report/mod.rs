//! Values → text: sinks for events, tables, trees, diagnostics, machine output.
//!
//! Owns every word and colour that a user sees, and no decision. Knows no engine and no use case.

pub mod asks;
pub mod bake;
pub mod checks;
pub mod diagnostic;
pub mod duration;
pub mod failure;
pub mod frame;
pub mod inside;
pub mod json;
pub mod log_prefix;
pub mod plan_text;
pub mod progress;
pub mod ps_tree;
pub mod sink_hushed;
pub mod sink_json;
pub mod sink_plain;
pub mod sink_quiet;
pub mod sink_tty;
pub mod style;
pub mod summary;
pub mod table;
pub mod timings;
pub mod width;
pub mod words;
pub mod yaml;

#[cfg(test)]
mod rehearsal;
