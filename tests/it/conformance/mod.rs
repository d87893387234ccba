//! The engine in memory is held to the real one: the same scripts of calls run on both through the port, and after each
//! call both have given the same answer and hold the same objects in the same states. At the end both have told the same
//! of each object.
//!
//! `deaths` does so with an engine inside a node that dies and returns.
//!
//! Scripts are written by hand and drawn at random. `NESTCTL_CASES` says how many are drawn, `NESTCTL_SEED` with which seed
//! they begin; where no more than `NESTCTL_FAILURES` differ, each is made as short as it still differs.
//!
//! What is left out, because the real engine (26.1.5) does not do it the same way twice or does not do it at all:
//! - Of a container in several networks that could not start, what it had of them: it joins them in no order, up to the
//!   one that is missing.
//! - The event `stop`, which comes before or after the `die` of the same container.
//! - To connect a container that shares another one's network, does not run, and is to come into a network that is not
//!   there: the engine breaks off instead of an answer.
//! - Programs that end and are started again without end: there is no moment at which to compare.
//! - Paused containers where a daemon or its node is killed: the kernel does not end what is frozen, and the node stays.
//! - A pause and its end that are told a second time (`run::is_with_echoes`).
//! - The events `exec_…`, of health checks at any time, and those of volumes that are mounted: nestctl reads neither.

mod bench;
mod deaths;
mod draw;
mod run;
mod script;
mod scripts;
