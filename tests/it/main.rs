//! Integration tests: one binary.
mod convergence;
