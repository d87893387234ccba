//! `up`.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::lab::LabArgs;
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
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Make every container anew although nothing changed.
    #[arg(long)]
    pub force_recreate: bool,
    /// Remove containers of services that the file no longer has.
    #[arg(long)]
    pub remove_orphans: bool,
    /// Make a node anew although files inside it, on no volume, go with it.
    #[arg(long)]
    pub discard_node_files: bool,
    /// Accepted for the habit: `up` never attaches.
    #[arg(short, long, hide = true)]
    pub detach: bool,
    /// Accepted for the habit: `up` waits until the lab is ready.
    #[arg(long, hide = true)]
    pub wait: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl UpArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl up                  Bring the whole lab up and wait until it is ready
  nestctl up vm1/web          Bring up one inner service and all that it needs
  nestctl up --dry-run        Show what would be done";
}
