//! `up`.

use std::time::Duration;

use clap::Args;

use super::lab::LabArgs;
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
    /// Attached mode.
    #[command(flatten)]
    pub attached: AttachedArgs,
    /// Accepted for the habit: `up` returns unless it is told to attach.
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
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

/// Flags that make `up` stay, show logs, and stop the lab when it is left.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Stay attached: follow logs, stop when left")]
pub struct AttachedArgs {
    /// Follow these services and what is inside them; repeatable.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ATTACH_ALONE)]
    pub attach: Vec<String>,
    /// Follow all services but these; repeatable.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ATTACH_ALONE)]
    pub no_attach: Vec<String>,
    /// Follow what the given services need, too.
    #[arg(long, conflicts_with_all = ["attach", "detach", "wait", "no_start"])]
    pub attach_dependencies: bool,
    /// Stop everything when one container has ended.
    #[arg(long, conflicts_with_all = ["abort_on_container_failure", "detach", "wait", "no_start"])]
    pub abort_on_container_exit: bool,
    /// Stop everything when one container has failed.
    #[arg(long, conflicts_with_all = ["detach", "wait", "no_start"])]
    pub abort_on_container_failure: bool,
    /// Stop as above; return the exit code of this one.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["detach", "wait", "no_start"])]
    pub exit_code_from: Option<String>,
    /// Put the time before each line.
    #[arg(long)]
    pub timestamps: bool,
    /// Leave out the address before each line.
    #[arg(long)]
    pub no_log_prefix: bool,
    /// Write addresses without colour.
    #[arg(long)]
    pub no_color: bool,
}

/// What cannot go with `--attach`.
const ATTACH_ALONE: &[&str] = &["detach", "wait", "no_start"];

impl AttachedArgs {
    /// Whether `up` stays.
    pub fn is_asked(&self) -> bool {
        !self.attach.is_empty()
            || !self.no_attach.is_empty()
            || self.attach_dependencies
            || self.abort_on_container_exit
            || self.abort_on_container_failure
            || self.exit_code_from.is_some()
    }
}

impl UpArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl up                  Bring the whole lab up and wait until it is ready
  nestctl up vm1/web          Bring up one inner service and all that it needs
  nestctl up --exit-code-from vm1/test    Run a test, stop the lab, pass its code
  nestctl up --dry-run        Show what would be done";
}
