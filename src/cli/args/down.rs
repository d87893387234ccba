//! `down`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::change::ChangeArgs;
use super::lab::LabArgs;
use super::seconds::parse_duration;
use crate::ops::down::Rmi;

/// `down`.
#[derive(Args, Debug)]
pub struct DownArgs {
    /// Only these and what is inside; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Remove the volumes of the lab too.
    #[arg(short, long)]
    pub volumes: bool,
    /// Give each container so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Wait so long for a stopped node's engine, to empty it (60).
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait_timeout: Option<Duration>,
    /// Remove images too: those built for it (`local`), or `all` of it.
    #[arg(long, value_enum, value_name = "WHICH", hide_possible_values = true)]
    pub rmi: Option<RmiArg>,
    /// Take down every lab of nestctl on the engine.
    #[arg(long, conflicts_with = "addresses")]
    pub all: bool,
    /// With `--all` on a terminal: do not ask.
    #[arg(short, long, requires = "all")]
    pub yes: bool,
    /// With addresses: remove also what the file does not have, and one-off containers of them.
    #[arg(long)]
    pub remove_orphans: bool,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// `--rmi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RmiArg {
    /// Those that were built for the lab.
    Local,
    /// All that its containers were made of.
    All,
}

impl RmiArg {
    /// As the use case takes it.
    pub fn which(self) -> Rmi {
        match self {
            Self::Local => Rmi::Local,
            Self::All => Rmi::All,
        }
    }
}

impl DownArgs {
    /// `down` without a flag.
    pub fn of(lab: LabArgs) -> Self {
        let change = ChangeArgs { lab, ..ChangeArgs::default() };
        Self {
            addresses: Vec::new(),
            volumes: false,
            rmi: None,
            timeout: None,
            wait_timeout: None,
            all: false,
            yes: false,
            remove_orphans: true,
            change,
        }
    }

    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl down                Take the lab of this directory down, keep its volumes
  nestctl down -v             Take it down and remove its volumes
  nestctl down vm1/web        Take one inner service down, and the networks that only it was on
  nestctl down -v vm1         Take a node down, with what is inside and its data
  nestctl down --all          Take every lab on the engine down; on a terminal it asks first
  nestctl down -p poc         Take the lab `poc` down from anywhere, without its file";
}
