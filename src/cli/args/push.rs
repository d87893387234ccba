//! `push`.

use clap::Args;

use super::change::ChangeArgs;

/// `push`, after docker/compose `cmd/compose/push.go`.
#[derive(Args, Debug)]
pub struct PushArgs {
    /// Services whose images are pushed, and those inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Push what can be pushed; what cannot is no failure.
    #[arg(long)]
    pub ignore_push_failures: bool,
    /// Push also for what the given services depend on.
    #[arg(long)]
    pub include_deps: bool,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl PushArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Images of services with `build` and `image`, and their other `tags`, go from the
root engine to their registries.

Examples:
  nestctl push                      Push what was built for all levels
  nestctl push vm1                  Push for vm1 and all inside it";
}
