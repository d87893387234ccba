//! Scenarios on a real engine with real nested daemons, one file a theme. Each asserts on what the engines say
//! and ends with nothing left (`support::lab::TestLab` sees to that).

mod addresses;
mod behaviour;
mod big_image;
mod build;
mod build_sources;
mod commands;
mod examples;
mod failures;
mod faults;
mod files;
mod foreground;
mod images;
mod kill;
mod kinds;
mod machine;
mod mixed;
mod names;
mod order;
mod quickstart;
mod reconcile;
mod repair;
mod signals;
mod soak;
mod socket;
mod tcp;
mod teardown;
mod three_levels;
mod together;
