//! Integration tests: one binary. Scenarios on a real engine are in `e2e/`; they say that they are skipped where
//! `NESTCTL_TEST_HOST` names none.

#![expect(clippy::print_stdout, reason = "a test says what it skips and what it leaves")]

mod compose;
mod conformance;
mod e2e;
mod help;
mod no_engine;
mod readme;
mod simulation;
mod spec_errors;
mod support;
mod use_cases;
