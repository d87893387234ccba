//! `pull`.

use clap::{Args, ValueEnum};

use super::change::ChangeArgs;
use crate::model::service::PullPolicy;

/// `pull`, after docker/compose `cmd/compose/pull.go`.
#[derive(Args, Debug)]
pub struct PullArgs {
    /// Services whose images are pulled, and those inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Leave out images that can be built.
    #[arg(long)]
    pub ignore_buildable: bool,
    /// Pull what can be pulled; what cannot is no failure.
    #[arg(long)]
    pub ignore_pull_failures: bool,
    /// Pull also for what the given services depend on.
    #[arg(long)]
    pub include_deps: bool,
    /// Pull what is `missing`, or `always`, whatever the file says.
    #[arg(long, value_name = "POLICY", value_parser = parse_refresh)]
    pub policy: Option<PullPolicy>,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl PullArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Images are pulled on the root engine and copied to the inner engines that run;
`up` copies them to those that it starts, and asks no registry.

Examples:
  nestctl pull                      Pull the images of all levels
  nestctl pull vm1                  Pull those of vm1 and of all inside it
  nestctl pull --policy missing     Pull only what is not there";
}

fn parse_refresh(text: &str) -> Result<PullPolicy, String> {
    match text {
        "always" => Ok(PullPolicy::Always),
        "missing" | "if_not_present" => Ok(PullPolicy::Missing),
        _ => Err("write `missing` or `always`".to_owned()),
    }
}

/// `--pull` of commands that make containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PullArg {
    /// Each time.
    Always,
    /// What is missing.
    #[value(alias = "if_not_present")]
    Missing,
    /// Nothing.
    Never,
    /// Nothing; what can be is built.
    Build,
    /// As the file says.
    Policy,
}

impl PullArg {
    /// The policy in place of the file's, if it is another.
    pub fn policy(self) -> Option<PullPolicy> {
        match self {
            Self::Always => Some(PullPolicy::Always),
            Self::Missing => Some(PullPolicy::Missing),
            Self::Never => Some(PullPolicy::Never),
            Self::Build => Some(PullPolicy::Build),
            Self::Policy => None,
        }
    }
}
