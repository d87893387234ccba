//! `restart`.

use std::time::Duration;

use clap::Args;

use super::lab::LabArgs;
use super::seconds::parse_duration;

/// `restart`.
#[derive(Args, Debug)]
pub struct RestartArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Leave alone what asks to be restarted with them.
    #[arg(long)]
    pub no_deps: bool,
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<std::num::NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl RestartArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl restart vm1/web     Restart one inner service
  nestctl restart vm1         Restart a node and all that is inside, in order";
}
