//! `kill`.

use clap::Args;

use super::lab::LabArgs;

/// `kill`.
#[derive(Args, Debug)]
pub struct KillArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Send this signal.
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL")]
    pub signal: String,
    /// Accepted for the habit: `rm` removes, `down` takes all away.
    #[arg(long, hide = true)]
    pub remove_orphans: bool,
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<std::num::NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl KillArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl kill vm1            Kill a node, and with it all that is inside
  nestctl kill -s HUP vm1/web Send a signal to one inner service";
}
