//! `config`.

use clap::{Args, ValueEnum};

use super::lab::LabArgs;

/// `config`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    /// Print as: yaml or json.
    #[arg(long, value_enum, value_name = "HOW", default_value = "yaml", hide_possible_values = true)]
    pub format: ConfigFormat,
    /// Print the addresses of all services, one a line.
    #[arg(long, conflicts_with = "images")]
    pub services: bool,
    /// Print the images of all services, one a line.
    #[arg(long)]
    pub images: bool,
    /// Check only; print nothing.
    #[arg(short, long)]
    pub quiet: bool,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

/// Forms of the resolved lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// YAML, as a lab file.
    Yaml,
    /// JSON, of the same shape.
    Json,
}

impl ConfigArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl config              Print the lab as it was understood
  nestctl config --services   Print the addresses of all services
  nestctl config --images     Print all images that the lab needs";
}
