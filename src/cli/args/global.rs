//! Flags of every command.

use clap::{Args, ValueEnum};

/// Flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Use this engine (unix://, tcp://, ssh://).
    #[arg(short = 'H', long, value_name = "URL", global = true)]
    pub host: Option<String>,
    /// Choose how progress is shown.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        global = true,
        hide_possible_values = true,
        help = "Show progress as auto, tty, plain, json, quiet"
    )]
    pub progress: Option<ProgressArg>,
    /// Choose when to use colour.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        global = true,
        hide_possible_values = true,
        help = "Use colour: auto, always, never"
    )]
    pub color: Option<ColorArg>,
}

/// `--progress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressArg {
    /// A tree on a terminal, lines elsewhere.
    Auto,
    /// The tree.
    Tty,
    /// One line an event.
    Plain,
    /// One JSON object an event, on standard output.
    Json,
    /// Errors only.
    Quiet,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Nowhere.
    Never,
}
