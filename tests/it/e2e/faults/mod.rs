//! Faults on real engines, of every kind and at every moment: `cargo xtask faults`. They take an hour and more, so other
//! runs skip them.

mod asked;
mod daemons;
mod disk;
mod kills;
mod registry;
mod rows;
