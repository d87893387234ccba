//! `ps`.

use clap::Args;

use super::format::FormatArgs;
use super::lab::LabArgs;
use crate::model::observed::ContainerState;

/// `ps`.
#[derive(Args, Debug)]
pub struct PsArgs {
    /// Only these services and what is inside them.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Show also one-off containers (`run`). What is stopped is always shown.
    #[arg(short, long)]
    pub all: bool,
    /// Show only containers in this state; repeatable.
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    pub status: Vec<ContainerState>,
    /// As --status: `status=STATE`; repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_filter)]
    pub filter: Vec<ContainerState>,
    /// Leave out what the file does not have (`--orphans=false`).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub orphans: Option<bool>,
    /// Print container IDs only.
    #[arg(short, long, conflicts_with_all = ["format", "services"])]
    pub quiet: bool,
    /// Print the addresses of services only.
    #[arg(long, conflicts_with = "format")]
    pub services: bool,
    /// Cut nothing off to fit the screen.
    #[arg(long)]
    pub no_trunc: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
}

fn parse_state(text: &str) -> Result<ContainerState, String> {
    ContainerState::parse(text)
        .ok_or_else(|| "write created, running, paused, restarting, removing, exited or dead".to_owned())
}

fn parse_filter(text: &str) -> Result<ContainerState, String> {
    match text.split_once('=') {
        Some(("status", state)) => parse_state(state),
        _ => Err("write `status=STATE`: there is no other filter".to_owned()),
    }
}

impl PsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl ps                  Show the lab as a tree
  nestctl ps vm1              Show one node and what runs inside it
  nestctl ps --status exited --services
  nestctl ps --format json    Print one JSON object a container";
}
