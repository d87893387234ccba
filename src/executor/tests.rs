//! Whole runs on the fake engine: labs, failures, signals.

mod lab;

mod runs;
mod signals;
mod surveys;
