//! Scenarios on a real engine with real nested daemons, one file a theme. Each asserts on what the engines say
//! and ends with nothing left (`support::lab::TestLab` sees to that).

mod big_image;
mod examples;
mod failures;
mod files;
mod images;
mod names;
mod quickstart;
mod three_levels;
