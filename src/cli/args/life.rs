//! `start`, `stop`, `restart`, `pause`, `unpause`, `kill` and `rm`: what is there, by its labels.

use std::time::Duration;

use clap::Args;

use super::change::ChangeArgs;
use super::seconds::parse_duration;

/// `start`.
#[derive(Args, Debug)]
pub struct StartArgs {
    /// Only these, what they need, and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Return when all of it is ready, not when it is started.
    #[arg(long)]
    pub wait: bool,
    /// Give up on what is not ready by then (`90`, `2m`).
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "wait")]
    pub wait_timeout: Option<Duration>,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl StartArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl start               Start all that was stopped, also inside nodes
  nestctl start vm1           Start a node and what is inside, as it was
  nestctl start vm1/web       Start one inner service and what it needs";
}

/// `stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl StopArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl stop                Stop the lab, innermost first; nothing is removed
  nestctl stop vm1            Stop what is inside a node, then the node
  nestctl stop -t 2 vm1/web   Give it two seconds";
}

/// `restart`.
#[derive(Args, Debug)]
pub struct RestartArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Leave alone what asks to be restarted with them.
    #[arg(long)]
    pub no_deps: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl RestartArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl restart vm1/web     Restart one inner service
  nestctl restart vm1         Restart a node and all that is inside, in order";
}

/// `pause` and `unpause`.
#[derive(Args, Debug)]
pub struct PauseArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl PauseArgs {
    /// Shown below the help of `pause`.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl pause vm1/db        Freeze one inner service
  nestctl pause vm1           Freeze a node, and with it all that is inside";

    /// Shown below the help of `unpause`.
    pub const UNPAUSE_EXAMPLES: &str = "\
Examples:
  nestctl unpause vm1         Let a node and all that is inside go on";
}

/// `kill`.
#[derive(Args, Debug)]
pub struct KillArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Send this signal.
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL")]
    pub signal: String,
    /// Accepted for the habit: what carries the lab's labels is meant, also what the file no longer has.
    #[arg(long, hide = true)]
    pub remove_orphans: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl KillArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl kill vm1            Kill a node, and with it all that is inside
  nestctl kill -s HUP vm1/web Send a signal to one inner service";
}

/// `rm`.
#[derive(Args, Debug)]
pub struct RmArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Do not ask.
    #[arg(short, long)]
    pub force: bool,
    /// Stop what runs, and remove it too.
    #[arg(short, long)]
    pub stop: bool,
    /// Remove anonymous volumes too.
    #[arg(short, long)]
    pub volumes: bool,
    /// Accepted for the habit: stopped containers are meant anyway.
    #[arg(short, long, hide = true)]
    pub all: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl RmArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
`-f` is --force here, as in Compose; the lab file is --file.

Examples:
  nestctl rm                  Remove all containers that do not run
  nestctl rm -fs vm1/web      Stop and remove one inner service";
}
