//! Wire types → model. Defaults live here and nowhere else; what is wrong is noted, what is left is still lowered.
//!
//! One file a part of the language. Reads files only through [`load`]; decides nothing about engines.

pub(crate) mod assemble;
pub(crate) mod behaviour;
mod build;
pub(crate) mod container;
pub(crate) mod depends_on;
mod deploy;
pub(crate) mod engine;
pub(crate) mod environment;
pub(crate) mod extends;
pub(crate) mod fill;
pub(crate) mod health;
pub(crate) mod include;
pub(crate) mod inner;
pub(crate) mod layer;
pub(crate) mod limits;
pub(crate) mod load;
pub(crate) mod lowering;
pub(crate) mod mount;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod path;
pub(crate) mod port;
pub(crate) mod project;
mod resources;
pub(crate) mod scope;
mod security;
pub(crate) mod service;
pub(crate) mod spans;
pub(crate) mod standing;
pub(crate) mod stored_file;
pub(crate) mod value;
