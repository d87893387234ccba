//! A lab as it was understood, in the shape of a lab file: what is printed can be read again.
//!
//! One file a topic. A key of a service that is an option of its container goes to `container` (or the topic's own
//! file), all else to `service`.

mod behaviour;
mod build;
mod container;
mod depends_on;
mod deploy;
mod engine;
mod health;
mod keys;
pub mod lab;
mod limits;
mod mount;
mod network;
mod port;
mod resources;
mod service;
mod stored_file;
mod volume;
