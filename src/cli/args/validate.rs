//! `validate`.

use clap::Args;

use super::lab::LabArgs;

/// `validate`.
#[derive(Args, Debug)]
pub struct ValidateArgs {
    /// Say nothing when the file is right.
    #[arg(short, long)]
    pub quiet: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl ValidateArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl validate            Check the lab file of this directory
  nestctl validate -f poc/nest.yaml";
}
