//! ops.

pub mod host_files;
