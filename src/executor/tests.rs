//! Whole runs on the fake engine: labs, failures, signals.

mod hooks;
mod lab;
mod patience;
mod protocol;
mod runs;
mod signals;
mod surveys;
mod timings;
