//! `rm`.

use clap::Args;

use super::lab::LabArgs;

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
    /// Make so many calls at once; inner engines, half.
    #[arg(long, value_name = "N")]
    pub parallel: Option<std::num::NonZeroUsize>,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl RmArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
`-f` is --force here, as in Compose; the lab file is --file.

Examples:
  nestctl rm                  Remove all containers that do not run
  nestctl rm -fs vm1/web      Stop and remove one inner service";
}
