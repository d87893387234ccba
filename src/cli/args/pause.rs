//! `pause`.

use clap::Args;

use super::lab::LabArgs;

/// `pause`.
#[derive(Args, Debug)]
pub struct PauseArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
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

impl PauseArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl pause vm1/db        Freeze one inner service
  nestctl pause vm1           Freeze a node, and with it all that is inside";
}
