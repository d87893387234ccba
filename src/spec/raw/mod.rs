//! The language as it is written: wire types, one to one with `schemas/nest.v1.schema.json`, which is generated
//! from them. Doc comments are the hover text of editors. No defaults, no meaning: `lower` gives both.

pub(crate) mod anything;
pub(crate) mod build;
pub(crate) mod delegate;
pub(crate) mod deploy;
pub(crate) mod engine;
pub(crate) mod health;
pub(crate) mod hook;
pub(crate) mod layer;
pub(crate) mod limits;
pub(crate) mod mount;
pub(crate) mod network;
pub(crate) mod port;
pub(crate) mod reference;
pub(crate) mod service;
pub(crate) mod several;
pub(crate) mod stored_file;
