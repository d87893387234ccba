//! `down`.

use std::time::Duration;

use clap::Args;

use super::change::ChangeArgs;
use super::lab::LabArgs;
use super::seconds::parse_duration;

/// `down`.
#[derive(Args, Debug)]
pub struct DownArgs {
    /// Remove the volumes of the lab too.
    #[arg(short, long)]
    pub volumes: bool,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Wait so long for a stopped node's engine, to empty it (60).
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait_timeout: Option<Duration>,
    /// Take down every lab of nestctl on the engine.
    #[arg(long)]
    pub all: bool,
    /// Accepted for the habit: all that carries the lab's labels goes.
    #[arg(long, hide = true)]
    pub remove_orphans: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl DownArgs {
    /// `down` without a flag.
    pub fn of(lab: LabArgs) -> Self {
        let change = ChangeArgs { lab, ..ChangeArgs::default() };
        Self { volumes: false, timeout: None, wait_timeout: None, all: false, remove_orphans: true, change }
    }

    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl down                Take the lab of this directory down, keep its volumes
  nestctl down -v             Take it down and remove its volumes
  nestctl down --all          Take every lab on the engine down
  nestctl down -p poc         Take the lab `poc` down from anywhere, without its file";
}
