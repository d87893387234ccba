//! `up`.

use std::time::Duration;

use clap::Args;

use super::change::ChangeArgs;
use super::making::MakingArgs;
use super::seconds::parse_duration;

/// `up`.
#[derive(Args, Debug)]
pub struct UpArgs {
    /// Services to bring up, with all that they need; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Return when everything is started, not when it is ready.
    #[arg(long, conflicts_with_all = ["wait", "wait_timeout"])]
    pub no_wait: bool,
    /// Give up on what is not ready by then (`90`, `2m`).
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait_timeout: Option<Duration>,
    /// Create, start nothing; see `create`.
    #[arg(long, conflicts_with_all = ["wait", "wait_timeout", "no_wait"])]
    pub no_start: bool,
    /// How.
    #[command(flatten)]
    pub making: MakingArgs,
    /// Accepted for the habit: `up` never attaches.
    #[arg(short, long, hide = true)]
    pub detach: bool,
    /// Accepted for the habit: `up` waits until the lab is ready.
    #[arg(long, hide = true)]
    pub wait: bool,
    /// Accepted for the habit: nothing is asked.
    #[arg(short, long, hide = true)]
    pub yes: bool,
    /// Accepted for the habit: there is no menu.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    pub menu: Option<Option<bool>>,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl UpArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl up                  Bring the whole lab up and wait until it is ready
  nestctl up vm1/web          Bring up one inner service and all that it needs
  nestctl up --dry-run        Show what would be done";
}
