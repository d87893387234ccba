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
    /// Whether it stays to watch.
    #[command(flatten)]
    pub watching: WatchingArgs,
    /// How.
    #[command(flatten)]
    pub making: MakingArgs,
    /// Wait until the lab is ready: what `up` does where it does not stay.
    #[arg(long, hide = true)]
    pub wait: bool,
    /// Accepted for the habit: nothing is asked.
    #[arg(short, long, hide = true)]
    pub yes: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Whether `up` stays in the foreground once everything is started, and what it does there.
#[derive(Args, Clone, Debug, Default)]
pub struct WatchingArgs {
    /// Return when the lab is ready, as without it; `=false`: stay.
    #[arg(
        short,
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_possible_values = true,
        help_heading = FOREGROUND
    )]
    pub detach: Option<bool>,
    /// Stay and show the logs, of all or of this one; repeatable.
    #[arg(
        long,
        num_args = 0..=1,
        default_missing_value = "",
        value_name = "ADDRESS",
        help_heading = FOREGROUND
    )]
    pub attach: Vec<String>,
    /// Stay; show also the logs of what the given services need.
    #[arg(long, conflicts_with = "attach", help_heading = FOREGROUND)]
    pub attach_dependencies: bool,
    /// Stay; do not show the logs of this one; repeatable.
    #[arg(long, value_name = "ADDRESS", help_heading = FOREGROUND)]
    pub no_attach: Vec<String>,
    /// Stay; stop everything when one container ends.
    #[arg(long, help_heading = FOREGROUND)]
    pub abort_on_container_exit: bool,
    /// Stay; stop everything when one container fails.
    #[arg(long, conflicts_with = "abort_on_container_exit", help_heading = FOREGROUND)]
    pub abort_on_container_failure: bool,
    /// Stay until one container ends; return this one's exit code.
    #[arg(long, value_name = "ADDRESS", help_heading = FOREGROUND)]
    pub exit_code_from: Option<String>,
    /// Stay; put the time before each line of the logs.
    #[arg(long, help_heading = FOREGROUND)]
    pub timestamps: bool,
    /// Stay; leave out the address before each line of the logs.
    #[arg(long, help_heading = FOREGROUND)]
    pub no_log_prefix: bool,
    /// Do not use colour.
    #[arg(long, hide = true)]
    pub no_color: bool,
    /// Refused with a reason: files are not watched.
    #[arg(short, long, hide = true)]
    pub watch: bool,
    /// Accepted for the habit: there is no menu.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    pub menu: Option<Option<bool>>,
}

const FOREGROUND: &str = "Foreground";

impl WatchingArgs {
    /// Whether it stays: where any flag speaks of it, and none says not.
    pub fn stays(&self) -> bool {
        let is_asked =
            self.must_stay() || self.timestamps || self.no_log_prefix || !self.no_attach.is_empty();
        self.detach.map_or(is_asked, |detach| !detach)
    }

    /// Whether a flag is given that has no meaning where it does not stay (docker/compose `up.go`, `validateFlags`).
    pub fn must_stay(&self) -> bool {
        !self.attach.is_empty()
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
  nestctl up --attach         ... stay, show the logs; Ctrl-C stops the lab
  nestctl up --exit-code-from vm1/tests
                              Run tests, stop the lab, return their exit code
  nestctl up --dry-run        Show what would be done";
}
