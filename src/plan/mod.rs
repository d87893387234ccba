//! Desired × observed → steps with causes. Pure, synchronous, total: no clock, no engine, no file.
//!
//! Everything that is to be decided is decided here; the executor only carries out.

pub mod action;
pub mod address_pool;
mod asked;
mod bring_up;
mod build;
mod builder;
pub mod cause;
pub mod claims;
mod desired;
mod down;
mod down_images;
mod engine_lacks;
pub mod field;
pub mod fingerprint;
pub mod goal;
mod hook_label;
mod hooks;
mod images;
mod inherited;
pub mod known;
pub mod lab_builds;
mod life;
mod node_paths;
mod objects;
mod one_off;
mod orphans;
pub mod ours;
mod placing;
pub mod plan;
pub mod plan_check;
mod pull;
mod push;
mod quiesce;
mod ranges;
mod refresh;
mod renewal;
mod secrecy;
mod sharing;
pub mod step;
mod thaw;
pub mod thing;
mod up;
mod wanted;
mod words;
mod world;
