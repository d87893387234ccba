//! `version`.

use clap::Args;

use super::format::{Format, FormatArgs};

/// `version`.
#[derive(Args, Debug)]
pub struct VersionArgs {
    /// Print the version number of nestctl only.
    #[arg(long, conflicts_with = "format")]
    pub short: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// The same: here no lab is meant, and `-f` is Compose's for the form.
    #[arg(short = 'f', value_enum, value_name = "HOW", hide = true, conflicts_with = "short")]
    pub form: Option<Format>,
}

impl VersionArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl version             Print the versions of nestctl and of the engine
  nestctl version --short     Print the version number only";
}
