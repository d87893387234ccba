//! Survey, schedule, dispatch, wait. Carries out plans; decides nothing.
//!
//! Owns the engines of a run and the order in which steps start. Knows no adapter (`engine::docker`), no
//! terminal and no file; all that it does was planned.

pub mod engines;
pub mod run;
pub mod scheduler;
pub mod settle;
pub mod status;
pub mod survey;

mod boot;
mod clock;
mod dispatcher;
mod enter;
mod failure;
mod fallen;
mod final_look;
mod link;
mod local_image;
mod log_tail;
mod patience;
pub mod pulled;
mod step;
mod step_context;
mod tally;
mod trace;
mod verdict;
mod wait;

#[cfg(test)]
mod tests;
