//! Whole runs on the fake engine: labs, failures, signals.

mod changes;
mod hooks;
mod lab;
mod protocol;
mod runs;
mod signals;
mod surveys;
