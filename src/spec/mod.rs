//! Text → [`crate::model::topology::Topology`]. Never fails: all problems of all files come back as diagnostics.
//!
//! No file system and no environment of its own: `trait Files` and the variables are handed in. After
//! [`parse::parse`] nothing of the files is read again.
//!
//! The way of a file: `tree` (YAML with places) → `text` (variables filled in) → `read` + `raw` (wire types) →
//! `lower` (the model, defaults) → `check` (the lab as a whole). Each notes its problems and goes on.

pub mod canonical;
mod check;
pub mod files;
mod lower;
pub mod parse;
mod problems;
mod raw;
mod read;
pub mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod tree;
