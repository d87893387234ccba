//! Arguments, environment, terminal, signals and exit codes.
//!
//! Alone names clap and reads the process environment. Owns no use case: every command turns what was typed into
//! the options of one function of `ops`, and what that returns into text of `report`.

pub mod args;
pub mod ask;
pub mod command;
pub mod dispatch;
pub mod environment;
pub mod error;
pub mod exit;
pub mod help;
pub mod program;
pub mod raw_mode;
pub mod settings;
pub mod signals;
pub mod terminal;
