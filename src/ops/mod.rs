//! Use cases: one file each, from options to a report. No arguments, no terminal, no colour.
//!
//! Alone touches the user's disk ([`files`], [`find`], [`host_facts`]) and alone opens the root engine ([`root`]).

pub mod address;
pub mod attach;
pub mod builds;
pub mod circumstances;
pub mod context;
pub mod copy;
pub mod doctor;
pub mod down;
pub mod error;
pub mod exec;
pub mod files;
pub mod find;
mod follow;
pub mod forecast;
pub mod happenings;
pub mod host_facts;
pub mod host_files;
pub mod image_digests;
pub mod life;
pub mod limits;
pub mod load;
pub mod lock;
pub mod log_lines;
pub mod logs;
pub mod look_inside;
pub mod ls;
pub mod members;
pub mod one_off;
pub mod outcome;
pub mod plan;
pub mod ps;
pub mod pull_policy;
pub mod resolve;
pub mod root;
pub mod scale;
pub mod shut;
mod surroundings;
#[cfg(test)]
mod test_lab;
pub mod up;
pub mod version;
