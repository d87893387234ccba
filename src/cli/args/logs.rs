//! `logs`.

use clap::Args;

use super::lab::LabArgs;

/// `logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// Only these services and what is inside them; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Go on as more is written.
    #[arg(short = 'f', long)]
    pub follow: bool,
    /// Begin with the last N lines of each, or `all`.
    #[arg(short = 'n', long, value_name = "N", value_parser = parse_tail)]
    pub tail: Option<Tail>,
    /// Show lines from then on (`42m`, `2026-01-31T13:23:37Z`).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Show lines up to this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Put the time before each line.
    #[arg(short, long)]
    pub timestamps: bool,
    /// Leave out the address before each line.
    #[arg(long)]
    pub no_log_prefix: bool,
    /// Use this replica of each service, from 1.
    #[arg(long, value_name = "N", requires = "addresses")]
    pub index: Option<u32>,
    /// Do not use colour.
    #[arg(long, hide = true)]
    pub no_color: bool,
    /// Which lab. `-f` is --follow here, as in Compose.
    #[command(flatten)]
    pub lab: LabArgs,
}

/// How much of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// All of it.
    All,
    /// The last lines.
    Lines(u64),
}

fn parse_tail(text: &str) -> Result<Tail, String> {
    if text == "all" {
        return Ok(Tail::All);
    }
    text.parse().map(Tail::Lines).map_err(|_| format!("`{text}` is neither a number of lines nor `all`"))
}

impl LogsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl logs                Show all logs in the order of time
  nestctl logs -f vm1         Follow a node and everything inside it
  nestctl logs -n 20 vm1/web vm1/db";
}
