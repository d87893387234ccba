//! `wait`.

use clap::Args;

use super::lab::LabArgs;

/// `wait`.
#[derive(Args, Debug)]
pub struct WaitArgs {
    /// Services whose containers are waited for.
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// Take the lab down when the first has ended.
    #[arg(long)]
    pub down_project: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl WaitArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl wait vm1/job        Wait for its end, print and return its exit code
  nestctl wait --down-project tests";
}
