//! `events`.

use clap::Args;

use super::lab::LabArgs;

/// `events`.
#[derive(Args, Debug)]
pub struct EventsArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Print one JSON object an event.
    #[arg(long)]
    pub json: bool,
    /// Begin at this time (`42m`, `2026-01-31T13:23:37Z`).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// End at this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl EventsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl events              Follow what happens on every level
  nestctl events --since 10m --until 0s --json vm1";
}
