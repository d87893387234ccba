//! Integration tests: one binary. Scenarios on a real engine are in `e2e/`; they say that they are skipped where
//! `NESTCTL_TEST_HOST` names none.

mod convergence;
mod e2e;
mod help;
mod no_engine;
mod spec_errors;
mod support;
mod use_cases;
