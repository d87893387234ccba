//! `ps`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;

/// `ps`.
#[derive(Args, Debug)]
pub struct PsArgs {
    /// Only these services and what is inside them.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Print container IDs only.
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Accepted for the habit: stopped containers are always shown.
    #[arg(short, long, hide = true)]
    pub all: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl PsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl ps                  Show the lab as a tree
  nestctl ps vm1              Show one node and what runs inside it
  nestctl ps --format json    Print one JSON object a container";
}
