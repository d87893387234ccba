//! ops.

pub mod host_files;
pub mod root;
