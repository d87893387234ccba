//! Trees → layers and services: one file a group of keys.
//!
//! Everything here is a method of [`super::reader::Reader`], which collects the problems.

mod command;
mod content;
mod depends_on;
mod engine;
mod environment;
mod healthcheck;
mod inner;
pub(in crate::spec) mod layer;
mod limits;
mod mounts;
mod networks;
mod ports;
mod service;
