//! Random labs to depth 4, edits, drift, faults, kills and runs at once on the fake engine: what nestctl promises
//! holds. `cargo xtask simulate` runs many cases; a failing one prints its seed and a smaller case that fails too.
//!
//! `NESTCTL_CASES` says how many, `NESTCTL_SEED` with which seed they begin; `NESTCTL_SHOW` prints the plans, and what comes of them.

mod acts;
mod case;
mod draw;
mod edits;
mod promises;
mod run;
mod shrink;
mod sketch;
