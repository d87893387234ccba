//! `config`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::lab::LabArgs;

/// `config`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    /// Print as: yaml or json.
    #[arg(long, value_enum, value_name = "HOW", default_value = "yaml", hide_possible_values = true)]
    pub format: ConfigFormat,
    /// What is printed in place of the lab.
    #[command(flatten)]
    pub what: ConfigWhat,
    /// Leave variables as they are written.
    #[arg(long)]
    pub no_interpolate: bool,
    /// Leave out defaults and the names that follow from keys.
    #[arg(long)]
    pub no_normalize: bool,
    /// Leave paths as they are written.
    #[arg(long)]
    pub no_path_resolution: bool,
    /// Leave `env_file` and `label_file` as they are written.
    #[arg(long)]
    pub no_env_resolution: bool,
    /// Do not check the lab as a whole.
    #[arg(long)]
    pub no_consistency: bool,
    /// Give images the digests that their registries have now.
    #[arg(long, conflicts_with = "ConfigWhat")]
    pub resolve_image_digests: bool,
    /// Print only images, with digests: a file to go over the lab's.
    #[arg(long, conflicts_with = "ConfigWhat")]
    pub lock_image_digests: bool,
    /// Write to this file.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Check only; print nothing.
    #[arg(short, long)]
    pub quiet: bool,
    /// A node, whose layer is printed, or services; otherwise the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

/// What is printed in place of the lab.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub struct ConfigWhat {
    /// Print the addresses of all services, one a line.
    #[arg(long)]
    pub services: bool,
    /// Print the images of all services, one a line.
    #[arg(long)]
    pub images: bool,
    /// Print the keys of the volumes, one a line.
    #[arg(long)]
    pub volumes: bool,
    /// Print the keys of the networks, one a line.
    #[arg(long)]
    pub networks: bool,
    /// Print what the models are fetched as, one a line.
    #[arg(long)]
    pub models: bool,
    /// Print the profiles, one a line.
    #[arg(long)]
    pub profiles: bool,
    /// Print services with a hash of what the file says of each; * is all.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub hash: Vec<String>,
    /// Print the variables that interpolation takes from.
    #[arg(long)]
    pub environment: bool,
    /// Print the variables that the files name, and their defaults.
    #[arg(long)]
    pub variables: bool,
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
  nestctl config vm1          Print the layer inside vm1, as a lab of its own
  nestctl config --services   Print the addresses of all services
  nestctl config --images     Print all images that the lab needs
  nestctl config --lock-image-digests -o nest.override.yaml";
}
