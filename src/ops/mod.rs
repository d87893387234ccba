//! ops.

pub mod root;
