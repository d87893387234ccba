//! One arm a command.

use super::args::root::Command;
use super::command;
use super::error::CliError;
use super::exit;
use super::help;
use super::settings::Settings;
use super::terminal::Terminal;

/// Runs a command. The answer is the exit code.
///
/// # Errors
/// When the command ended early.
pub async fn dispatch(command: Command, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    match command {
        Command::Up(args) => command::up::up(&args, settings, terminal).await,
        Command::Create(args) => command::create::create(&args, settings, terminal).await,
        Command::Scale(args) => command::create::scale(&args, settings, terminal).await,
        Command::Build(args) => command::build::build(&args, settings, terminal).await,
        Command::Pull(args) => command::pull::pull(&args, settings, terminal).await,
        Command::Push(args) => command::push::push(&args, settings, terminal).await,
        Command::Down(args) => command::down::down(&args, settings, terminal).await,
        Command::Start(args) => command::life::start(&args, settings, terminal).await,
        Command::Stop(args) => command::life::stop(&args, settings, terminal).await,
        Command::Restart(args) => command::life::restart(&args, settings, terminal).await,
        Command::Pause(args) => command::life::pause(&args, settings, terminal).await,
        Command::Unpause(args) => command::life::unpause(&args, settings, terminal).await,
        Command::Kill(args) => command::life::kill(&args, settings, terminal).await,
        Command::Rm(args) => command::life::rm(&args, settings, terminal).await,
        Command::Plan(args) => command::plan::plan(&args, settings, terminal).await,
        Command::Ps(args) => command::ps::ps(&args, settings, terminal).await,
        Command::Ls(args) => command::ls::ls(&args, settings, terminal).await,
        Command::Exec(args) => command::exec::exec(args, settings).await,
        Command::Run(args) => Box::pin(command::one_off::one_off_run(args, settings, terminal)).await,
        Command::Logs(args) => command::logs::logs(&args, settings, terminal).await,
        Command::Cp(args) => command::cp::cp(&args, settings).await,
        Command::Top(args) => command::inside::top(&args, settings, terminal).await,
        Command::Stats(args) => command::inside::stats(&args, settings, terminal).await,
        Command::Images(args) => command::inside::images(&args, settings, terminal).await,
        Command::Port(args) => command::inside::port(&args, settings, terminal).await,
        Command::Wait(args) => command::inside::wait(&args, settings, terminal).await,
        Command::Events(args) => command::inside::events(&args, settings, terminal).await,
        Command::Config(args) => command::config::config(&args, settings, terminal).await,
        Command::Validate(args) => command::config::validate(&args, settings, terminal),
        Command::Schema => terminal.print(crate::ops::version::SCHEMA).map(|()| exit::OK),
        Command::Doctor(args) => command::doctor::doctor(&args, settings, terminal).await,
        Command::Version(args) => command::version::version(&args, settings, terminal).await,
        Command::Completion(args) => {
            let mut text = Vec::new();
            clap_complete::generate(args.shell, &mut help::command(), "nestctl", &mut text);
            terminal.print(&String::from_utf8_lossy(&text)).map(|()| exit::OK)
        }
    }
}
