//! `start`.

use std::time::Duration;

use clap::Args;

use super::lab::LabArgs;
use super::seconds::parse_duration;

/// `start`.
#[derive(Args, Debug)]
pub struct StartArgs {
    /// Only these, what they need, and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Return when all of it is ready, not when it is started.
    #[arg(long)]
    pub wait: bool,
    /// Give up on what is not ready by then (`90`, `2m`).
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "wait")]
    pub wait_timeout: Option<Duration>,
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

impl StartArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl start               Start all that was stopped, also inside nodes
  nestctl start vm1           Start a node and what is inside, as it was
  nestctl start vm1/web       Start one inner service and what it needs";
}
