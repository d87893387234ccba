//! Survey, schedule, dispatch, wait. Carries out plans; decides nothing.

pub mod engines;
pub mod run;
pub mod scheduler;
pub mod survey;
