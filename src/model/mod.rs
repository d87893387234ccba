//! The words of nestctl as plain data: names, addresses, what a lab file asks for, what an engine reports.
//!
//! Owns no behaviour beyond making, parsing and printing its own values. Knows nothing but `std` and, for small maps,
//! `litemap`: no file system, no engine, no YAML, no serialisation (machine output has its own mirror types in `report`).

pub mod addr;
pub mod behaviour;
pub mod build;
pub mod check;
pub mod container;
pub mod dial;
pub mod facts;
pub mod failure;
pub mod files;
pub mod image;
pub mod ip_network;
pub mod key_places;
pub mod label;
pub mod map;
pub mod milestone;
pub mod name;
pub mod network;
pub mod observed;
pub mod quick_hash;
pub mod resources;
pub mod service;
pub mod span;
pub mod status;
pub mod time;
pub mod topology;
pub mod usage;
