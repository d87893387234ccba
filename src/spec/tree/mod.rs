//! YAML as a tree with the place of everything.
//!
//! Owns the way from bytes to nodes, with limits on size and depth, and the merging of several files. Knows
//! nothing of labs but which of Compose's lists replace each other when files are merged.

pub(crate) mod build;
pub(crate) mod decode;
pub(crate) mod identity;
pub(crate) mod merge;
pub(crate) mod node;
pub(crate) mod place;
pub(crate) mod scalar;
pub(crate) mod syntax;
