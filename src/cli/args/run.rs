//! `run`.

use std::path::PathBuf;

use clap::Args;

use super::lab::LabArgs;
use super::pull::PullArg;

/// `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Leave it alone once it runs; print its ID.
    #[arg(short, long)]
    pub detach: bool,
    /// Remove it when it has ended.
    #[arg(long)]
    pub rm: bool,
    /// Run without a terminal, for pipes and scripts.
    #[arg(short = 'T', long = "no-tty", alias = "no-TTY")]
    pub no_tty: bool,
    /// Connect standard input (`--interactive=false`: not).
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub interactive: Option<bool>,
    /// Set a variable; KEY alone passes it on.
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub env: Vec<String>,
    /// Set the variables of this file.
    #[arg(long, value_name = "FILE")]
    pub env_from_file: Vec<PathBuf>,
    /// Use this in place of the entrypoint.
    #[arg(long, value_name = "COMMAND")]
    pub entrypoint: Option<String>,
    /// Run as this user.
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// Run in this directory of the container.
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<String>,
    /// Mount this, as in `volumes`; repeatable.
    #[arg(short, long, alias = "volumes", value_name = "MOUNT")]
    pub volume: Vec<String>,
    /// Publish this, as in `ports`; repeatable.
    #[arg(long, value_name = "PORT", conflicts_with = "service_ports")]
    pub publish: Vec<String>,
    /// Publish the ports of the service.
    #[arg(short = 'P', long)]
    pub service_ports: bool,
    /// Have the names of the service in its networks.
    #[arg(long)]
    pub use_aliases: bool,
    /// Name the container.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Set a label; repeatable.
    #[arg(short, long, alias = "labels", value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// Add a capability.
    #[arg(long, value_name = "CAP")]
    pub cap_add: Vec<String>,
    /// Drop a capability.
    #[arg(long, value_name = "CAP")]
    pub cap_drop: Vec<String>,
    /// Leave alone what the service needs.
    #[arg(long)]
    pub no_deps: bool,
    /// Remove containers of services that the file no longer has.
    #[arg(long)]
    pub remove_orphans: bool,
    /// Build images first, also those that are there.
    #[arg(long)]
    pub build: bool,
    /// Pull images `always`, if `missing`, or `never`, not as the file says.
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub pull: Option<PullArg>,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// Do not show how pulls go on.
    #[arg(long)]
    pub quiet_pull: bool,
    /// Do not show what builds say.
    #[arg(long)]
    pub quiet_build: bool,
    /// Accepted for the habit: a terminal is given when nestctl has one.
    #[arg(short, long, hide = true)]
    pub tty: bool,
    /// The service.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Program and arguments in place of the service's.
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl RunArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
`-p` is --publish here, as in Compose; the project is --project-name.

Examples:
  nestctl run --rm vm1/web sh             A shell beside an inner service
  nestctl run --rm -T db psql < dump.sql
  nestctl run -d -p 8080:80 web";
}
