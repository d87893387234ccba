//! `top`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;

/// `top`.
#[derive(Args, Debug)]
pub struct TopArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl TopArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl top                 Show the processes of every container
  nestctl top vm1/web         Show those of one inner service";
}
