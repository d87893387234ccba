//! The whole command line.

use clap::{Parser, Subcommand};

use super::build::BuildArgs;
use super::change::ChangeArgs;
use super::completion::CompletionArgs;
use super::config::ConfigArgs;
use super::cp::CpArgs;
use super::create::CreateArgs;
use super::doctor::DoctorArgs;
use super::down::DownArgs;
use super::events::EventsArgs;
use super::exec::ExecArgs;
use super::global::GlobalArgs;
use super::images::ImagesArgs;
use super::lab::LabArgs;
use super::life::{KillArgs, PauseArgs, RestartArgs, RmArgs, StartArgs, StopArgs};
use super::logs::LogsArgs;
use super::ls::LsArgs;
use super::plan::PlanArgs;
use super::port::PortArgs;
use super::ps::PsArgs;
use super::pull::PullArgs;
use super::push::PushArgs;
use super::run::RunArgs;
use super::scale::ScaleArgs;
use super::stats::StatsArgs;
use super::top::TopArgs;
use super::up::UpArgs;
use super::validate::ValidateArgs;
use super::version::VersionArgs;
use super::wait::WaitArgs;

/// Compose for nested containers.
#[derive(Debug, Parser)]
#[command(
    name = "nestctl",
    version,
    about = "Compose for nested containers: one file for the outer nodes and all that runs inside them.",
    propagate_version = false,
    disable_help_subcommand = false,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Which lab.
    #[command(flatten)]
    pub lab: LabArgs,
    /// As after the command: show what would be done. Commands that only look look.
    #[arg(long, hide = true, global = true)]
    pub dry_run: bool,
    /// As after the command: make so many calls at once; -1 is no wish.
    #[arg(long, hide = true, value_name = "N", allow_negative_numbers = true)]
    pub parallel: Option<i32>,
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the lab up, or some services and what they need.
    #[command(after_help = UpArgs::EXAMPLES)]
    Up(UpArgs),
    /// Create the containers of the lab and start none.
    #[command(after_help = CreateArgs::EXAMPLES)]
    Create(CreateArgs),
    /// Run another number of replicas of a service.
    #[command(after_help = ScaleArgs::EXAMPLES)]
    Scale(ScaleArgs),
    /// Build the images of services that say how.
    #[command(after_help = BuildArgs::EXAMPLES)]
    Build(BuildArgs),
    /// Pull images of all levels, and copy them into nodes that run.
    #[command(after_help = PullArgs::EXAMPLES)]
    Pull(PullArgs),
    /// Push images that were built for all levels.
    #[command(after_help = PushArgs::EXAMPLES)]
    Push(PushArgs),
    /// Take the lab down, innermost first.
    #[command(after_help = DownArgs::EXAMPLES)]
    Down(DownArgs),
    /// Start containers that are there, used before users.
    #[command(after_help = StartArgs::EXAMPLES)]
    Start(StartArgs),
    /// Stop containers, innermost first.
    #[command(after_help = StopArgs::EXAMPLES)]
    Stop(StopArgs),
    /// Restart containers, in order.
    #[command(after_help = RestartArgs::EXAMPLES)]
    Restart(RestartArgs),
    /// Freeze containers.
    #[command(after_help = PauseArgs::EXAMPLES)]
    Pause(PauseArgs),
    /// Let frozen containers go on.
    #[command(after_help = PauseArgs::UNPAUSE_EXAMPLES)]
    Unpause(PauseArgs),
    /// Send a signal to containers.
    #[command(after_help = KillArgs::EXAMPLES)]
    Kill(KillArgs),
    /// Remove containers that do not run.
    #[command(after_help = RmArgs::EXAMPLES)]
    Rm(RmArgs),
    /// Show what `up` or `down` would do, and why.
    #[command(after_help = PlanArgs::EXAMPLES)]
    Plan(PlanArgs),
    /// List the containers of the lab on every level, as a tree.
    #[command(after_help = PsArgs::EXAMPLES)]
    Ps(PsArgs),
    /// List the labs on the engine.
    #[command(after_help = LsArgs::EXAMPLES)]
    Ls(LsArgs),
    /// Run a program in a container on any level.
    #[command(after_help = ExecArgs::EXAMPLES)]
    Exec(ExecArgs),
    /// Run a one-off container beside a service on any level.
    #[command(after_help = RunArgs::EXAMPLES)]
    Run(RunArgs),
    /// Show the logs of containers on any level, merged.
    #[command(after_help = LogsArgs::EXAMPLES)]
    Logs(LogsArgs),
    /// Copy files between containers on any level and this machine.
    #[command(after_help = CpArgs::EXAMPLES)]
    Cp(CpArgs),
    /// Show the processes of containers on any level.
    #[command(after_help = TopArgs::EXAMPLES)]
    Top(TopArgs),
    /// Show what containers on any level use.
    #[command(after_help = StatsArgs::EXAMPLES)]
    Stats(StatsArgs),
    /// List the images that containers were made from.
    #[command(after_help = ImagesArgs::EXAMPLES)]
    Images(ImagesArgs),
    /// Print where a port of a service is bound.
    #[command(after_help = PortArgs::EXAMPLES)]
    Port(PortArgs),
    /// Wait until containers have ended.
    #[command(after_help = WaitArgs::EXAMPLES)]
    Wait(WaitArgs),
    /// Follow what happens to containers on any level.
    #[command(after_help = EventsArgs::EXAMPLES)]
    Events(EventsArgs),
    /// Print the lab as it was understood, all files merged.
    #[command(after_help = ConfigArgs::EXAMPLES)]
    Config(ConfigArgs),
    /// Check the lab file and say what is wrong with it.
    #[command(after_help = ValidateArgs::EXAMPLES)]
    Validate(ValidateArgs),
    /// Print the JSON Schema of the lab file.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Check whether this machine and its engine can run a lab.
    #[command(after_help = DoctorArgs::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Print the versions of nestctl and of the engine.
    #[command(after_help = VersionArgs::EXAMPLES)]
    Version(VersionArgs),
    /// Print a completion script for a shell.
    #[command(after_help = CompletionArgs::EXAMPLES)]
    Completion(CompletionArgs),
}

impl Command {
    /// How a command that changes a lab does it.
    pub fn change_mut(&mut self) -> Option<&mut ChangeArgs> {
        match self {
            Self::Up(args) => Some(&mut args.change),
            Self::Create(args) => Some(&mut args.change),
            Self::Scale(args) => Some(&mut args.change),
            Self::Build(args) => Some(&mut args.change),
            Self::Pull(args) => Some(&mut args.change),
            Self::Push(args) => Some(&mut args.change),
            Self::Down(args) => Some(&mut args.change),
            Self::Start(args) => Some(&mut args.change),
            Self::Stop(args) => Some(&mut args.change),
            Self::Restart(args) => Some(&mut args.change),
            Self::Pause(args) | Self::Unpause(args) => Some(&mut args.change),
            Self::Kill(args) => Some(&mut args.change),
            Self::Rm(args) => Some(&mut args.change),
            _ => None,
        }
    }

    /// Whether it does something that a dry run must not do, and that it cannot show.
    pub fn only_does(&self) -> bool {
        matches!(self, Self::Exec(_) | Self::Run(_) | Self::Cp(_) | Self::Wait(_))
    }
}

const SCHEMA_EXAMPLES: &str = "\
Examples:
  nestctl schema > nest.v1.schema.json

An editor with YAML support reads it from the first line of a lab file:
  # yaml-language-server: $schema=nest.v1.schema.json";
