//! `cp`.

use clap::Args;

use super::lab::LabArgs;

/// `cp`.
#[derive(Args, Debug)]
pub struct CpArgs {
    /// What to copy: ADDRESS:PATH, a local path, or `-` for an archive.
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Where to: ADDRESS:PATH, a local path, or `-` for an archive.
    #[arg(value_name = "TO")]
    pub to: String,
    /// Copy what a link leads to.
    #[arg(short = 'L', long)]
    pub follow_link: bool,
    /// Into a container: give the files to the user that it runs as.
    #[arg(short = 'a', long)]
    pub archive: bool,
    /// Copy also into one-off containers (`run`).
    #[arg(long)]
    pub all: bool,
    /// Use this replica of the service, from 1.
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl CpArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Into a service of several replicas, each gets the files.

Examples:
  nestctl cp vm1/web:/var/log ./log       Out of an inner service
  nestctl cp ./site/. vm1/web:/srv        The contents of a directory into it
  nestctl cp vm1/db:/data - | tar t       As an archive";
}
