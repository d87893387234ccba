//! `ls`.

use clap::Args;

use super::format::FormatArgs;

/// `ls`.
#[derive(Args, Debug)]
pub struct LsArgs {
    /// Print project names only.
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
}

impl LsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl ls                  List the labs on the engine
  nestctl ls -q               Print their names only";
}
