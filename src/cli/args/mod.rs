//! What was typed: one file a command, nothing resolved yet.

pub mod completion;
pub mod config;
pub mod doctor;
pub mod down;
pub mod exec;
pub mod format;
pub mod global;
pub mod lab;
pub mod logs;
pub mod ls;
pub mod plan;
pub mod ps;
pub mod root;
pub mod seconds;
pub mod up;
pub mod validate;
pub mod version;
