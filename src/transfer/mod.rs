//! Images and files between engines, and from the user's machine into containers.
//!
//! Owns the archives: what is in them, what is left out of them, how they stream. Memory stays bounded and
//! nothing is written to a disk. Knows the engine's port only, no adapter, no lab, no plan; the files of the
//! user's machine are behind [`host_files::HostFiles`].

pub mod files;
pub mod host_files;
pub mod image;
pub mod memory_files;
pub mod tar_filter;
pub mod tree_digest;

mod merge;
mod names;
mod stream;
