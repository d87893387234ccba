//! `version`.

use clap::Args;

use super::format::FormatArgs;

/// `version`.
#[derive(Args, Debug)]
pub struct VersionArgs {
    /// Print the version number of nestctl only.
    #[arg(long, conflicts_with = "format")]
    pub short: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
}

impl VersionArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl version             Print the versions of nestctl and of the engine
  nestctl version --short     Print the version number only";
}
