//! `images`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;

/// `images`.
#[derive(Args, Debug)]
pub struct ImagesArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Print image IDs only.
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl ImagesArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl images              Show which images the containers were made from
  nestctl images -q vm1       Print the IDs of those inside a node";
}
