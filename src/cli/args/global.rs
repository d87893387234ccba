//! Flags of every command.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::ops::limits;

use super::seconds::parse_duration as time;

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
        alias = "ansi",
        value_enum,
        value_name = "WHEN",
        global = true,
        hide_possible_values = true,
        help = "Use colour: auto, always, never"
    )]
    pub color: Option<ColorArg>,
    /// Limits of time.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Limits of time.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Wait so long for another nestctl; 0: do not.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub lock_timeout: Option<Duration>,
    /// Give an engine so long to answer a call.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub call_timeout: Option<Duration>,
    /// Give up on copies that stood still for so long.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub stall_timeout: Option<Duration>,
    /// Take a node's engine for silent after this.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub answer_timeout: Option<Duration>,
    /// Give up on a hook that runs for so long.
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub hook_timeout: Option<Duration>,
}

impl LimitArgs {
    /// Those that were given, by the variables that hold them otherwise.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        let all = [
            (limits::LOCK, self.lock_timeout),
            (limits::CALL, self.call_timeout),
            (limits::STALL, self.stall_timeout),
            (limits::ANSWER, self.answer_timeout),
            (limits::HOOK, self.hook_timeout),
        ];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?)))
    }
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
