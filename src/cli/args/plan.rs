//! `plan`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;

/// `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Services to bring up with all that they need, or with --down to take down; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Plan `down` in place of `up`.
    #[arg(long)]
    pub down: bool,
    /// With --down: remove the volumes too.
    #[arg(short, long, requires = "down")]
    pub volumes: bool,
    /// Plan to make every container anew.
    #[arg(long, conflicts_with = "down")]
    pub force_recreate: bool,
    /// Plan to remove containers of services that the file no longer has.
    #[arg(long, conflicts_with = "down")]
    pub remove_orphans: bool,
    /// Plan to make a node anew although files inside it, on no volume, go with it.
    #[arg(long, conflicts_with = "down")]
    pub discard_node_files: bool,
    /// Exit with 0 if there is nothing to do, 2 if there is, 1 for any error.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl PlanArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl plan                Show what `nestctl up` would do
  nestctl plan --down -v      Show what `nestctl down -v` would remove
  nestctl plan --format json  Print every step for a program
  nestctl plan --detailed-exitcode  Ask in a script whether there is anything to do";
}
