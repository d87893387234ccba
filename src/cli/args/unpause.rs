//! `unpause`.

use clap::Args;

use super::lab::LabArgs;

/// `unpause`.
#[derive(Args, Debug)]
pub struct UnpauseArgs {
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

impl UnpauseArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl unpause vm1         Let a node and all that is inside go on";
}
