//! `stats`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;

/// `stats`.
#[derive(Args, Debug)]
pub struct StatsArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Show also containers that do not run.
    #[arg(short, long)]
    pub all: bool,
    /// Print the figures once.
    #[arg(long)]
    pub no_stream: bool,
    /// Print whole IDs.
    #[arg(long)]
    pub no_trunc: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl StatsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl stats               Follow what every container uses
  nestctl stats --no-stream vm1";
}
