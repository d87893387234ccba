//! Whole runs on the fake engine: labs, failures, signals.

mod again;
mod anonymous;
mod boots;
mod changed;
mod changes;
mod drift;
mod hooks;
mod images;
mod lab;
mod members;
mod patience;
mod ports;
mod protocol;
mod pulls;
mod runs;
mod signals;
mod surveys;
mod takeovers;
mod timings;
mod waits;
