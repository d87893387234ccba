//! `stop`.

use std::time::Duration;

use clap::Args;

use super::lab::LabArgs;
use super::seconds::parse_duration;

/// `stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
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

impl StopArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl stop                Stop the lab, innermost first; nothing is removed
  nestctl stop vm1            Stop what is inside a node, then the node
  nestctl stop -t 2 vm1/web   Give it two seconds";
}
