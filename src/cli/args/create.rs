//! `create`.

use clap::Args;

use super::change::ChangeArgs;
use super::making::MakingArgs;

/// `create`.
#[derive(Args, Debug)]
pub struct CreateArgs {
    /// Services to create, with all that they need; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Start nodes, so that what is inside them is created too.
    #[arg(long)]
    pub start_nodes: bool,
    /// Accepted for the habit: nothing is asked.
    #[arg(short, long, hide = true)]
    pub yes: bool,
    /// How.
    #[command(flatten)]
    pub making: MakingArgs,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl CreateArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
What is inside a node can be created only while the node runs: `create` starts
nothing, so it makes the inner layers of those nodes that run already.

Examples:
  nestctl create                  Create the lab, start nothing
  nestctl create --start-nodes    Start the nodes too, create what is inside
  nestctl create vm1/web          Create one service and all that it needs";
}
