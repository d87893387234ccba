//! Text → [`crate::model::topology::Topology`]. Never fails: all problems of all files come back as diagnostics.
//!
//! No file system and no environment of its own: `trait Files` and the variables are handed in. After
//! [`parse::parse`] nothing of the files is read again.

pub mod files;
pub mod parse;
pub mod schema;
