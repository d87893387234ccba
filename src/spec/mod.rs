//! Text → [`crate::model::topology::Topology`]. Never fails: all problems of all files come back as diagnostics.
//!
//! No file system and no environment of its own: `trait Files` and the variables are handed in. After
//! [`parse::parse`] nothing of the files is read again.

mod build;
mod check;
mod dotenv;
pub mod files;
mod interpolate;
mod load;
mod lower;
mod merge;
pub mod parse;
mod reader;
mod scalar;
pub mod schema;
pub mod service_key;
mod shell_words;
mod tree;
