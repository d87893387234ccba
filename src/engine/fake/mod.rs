//! An engine in memory, for tests: a small model of Docker's daemon behind the same port.
//!
//! Owns the rules that matter to a lab (names, states, what refuses what, what a node's death does to the
//! engine inside it, which state its data volume keeps), scripted failures, and a log of every call. It sleeps
//! only where a script says so: health and boot turn by call or by hand, and what a restart policy starts is started
//! at the first call after its time by tokio's clock, which tests pause. Where Docker's answer was not
//! obvious it was measured on 26.1.5. Knows nothing of labs, as the real adapter does not.

pub mod behaviour;
pub mod call;
pub mod fake_engine;
pub mod fault;

mod addresses;
mod clock;
mod daemon;
mod file_store;
mod flight;
mod images;
mod lifecycle;
mod networks;
mod objects;
mod observed;
mod port;
mod removal;
mod snapshot;
mod start;
mod state;
mod streams;
mod world;

#[cfg(test)]
mod tests;
