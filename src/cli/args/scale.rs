//! `scale`.

use clap::Args;

use super::change::ChangeArgs;

/// `scale`.
#[derive(Args, Debug)]
pub struct ScaleArgs {
    /// Services, by address, and how many replicas of each to run.
    #[arg(value_name = "SERVICE=N", required = true)]
    pub scale: Vec<String>,
    /// Leave alone what the given services need.
    #[arg(long)]
    pub no_deps: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl ScaleArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl scale web=3             Run three replicas of `web`
  nestctl scale vm=2 vm/web=3     Two nodes alike, three `web` inside each";
}
