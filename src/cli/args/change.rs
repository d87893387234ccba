//! Flags of every command that changes a lab.

use std::num::NonZeroUsize;

use clap::Args;

use super::lab::LabArgs;

/// How a lab is changed, and which.
#[derive(Args, Clone, Debug, Default)]
pub struct ChangeArgs {
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Show the critical path of the run, and where its time went.
    #[arg(long, conflicts_with = "dry_run")]
    pub timings: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}
