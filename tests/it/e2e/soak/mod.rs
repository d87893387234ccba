//! Rounds of up, an edit, up, a fault, up, down on a real engine: `cargo xtask soak`. Each ends in the state that its file
//! describes, and nothing is left: no object on the engine, no process, no file, and the last runs need no more memory
//! than the first.
//!
//! `NESTCTL_TEST_SOAK` is how many rounds there are, `NESTCTL_TEST_SEED` the first one's seed; each has the next number, so
//! that one alone can be had again.

mod fault;
mod left;
mod rounds;
mod shape;
