//! `doctor`.

use clap::Args;

use super::format::FormatArgs;

/// `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
}

impl DoctorArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl doctor              Check the engine and this machine
  nestctl doctor -H ssh://build@host";
}
