//! `exec`.

use clap::Args;

use super::lab::LabArgs;

/// `exec`.
#[derive(Args, Debug)]
pub struct ExecArgs {
    /// Let it run by itself; nothing of it is shown.
    #[arg(short, long)]
    pub detach: bool,
    /// Run without a terminal, for pipes and scripts.
    #[arg(short = 'T', long = "no-tty", alias = "no-TTY")]
    pub no_tty: bool,
    /// Run as this user.
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// Run in this directory of the container.
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<String>,
    /// Set a variable; KEY alone passes it on.
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub env: Vec<String>,
    /// Run with extended privileges.
    #[arg(long)]
    pub privileged: bool,
    /// Use this replica of the service, from 1.
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
    /// Accepted for the habit: standard input is connected.
    #[arg(short, long, hide = true)]
    pub interactive: bool,
    /// Accepted for the habit: a terminal is given when nestctl has one.
    #[arg(short, long, hide = true)]
    pub tty: bool,
    /// Where to run it.
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Program and arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

impl ExecArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl exec vm1 sh                   Open a shell in an outer node
  nestctl exec vm1/db -- psql -U postgres
  nestctl exec -T vm1/db pg_dump > dump.sql";
}
