//! `down`.

use std::time::Duration;

use clap::Args;

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
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<std::num::NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Accepted for the habit: all that carries the lab's labels goes.
    #[arg(long, hide = true)]
    pub remove_orphans: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl DownArgs {
    /// `down` without a flag.
    pub fn of(lab: LabArgs) -> Self {
        Self {
            volumes: false,
            timeout: None,
            wait_timeout: None,
            all: false,
            parallel: None,
            dry_run: false,
            remove_orphans: true,
            lab,
        }
    }

    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl down                Take the lab of this directory down, keep its volumes
  nestctl down -v             Take it down and remove its volumes
  nestctl down --all          Take every lab on the engine down
  nestctl down -p poc         Take the lab `poc` down from anywhere, without its file";
}
