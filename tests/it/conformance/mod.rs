//! The engine in memory is held to the real one: the same scripts of calls run on both through the port, and after each
//! call both have given the same answer and hold the same objects in the same states. At the end both have told the same
//! of each object.
//!
//! `NESTCTL_CASES` says how many generated scripts run, `NESTCTL_SEED` with which seed they begin.

mod bench;
mod run;
mod script;
mod scripts;
