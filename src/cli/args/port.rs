//! `port`.

use clap::Args;

use super::lab::LabArgs;

/// `port`.
#[derive(Args, Debug)]
pub struct PortArgs {
    /// The service.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Port inside its container.
    #[arg(value_name = "PORT")]
    pub port: u16,
    /// Of tcp or udp.
    #[arg(long, value_name = "NAME", default_value = "tcp")]
    pub protocol: String,
    /// Use this replica of the service, from 1.
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl PortArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl port vm1 8080       Where port 8080 of a node is on your machine
  nestctl port vm1/web 80     Where port 80 of a service is on its node";
}
