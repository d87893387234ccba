//! From the process's start to its exit code.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use super::args::root::{Cli, Command};
use super::dispatch::dispatch;
use super::environment::{Environment, is_given};
use super::error::CliError;
use super::exit;
use super::help::command;
use super::settings::Settings;
use super::terminal::Terminal;

/// Runs the program.
pub fn run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output; a closed pipe there is nobody's concern.
            let _ = error.print();
            return ExitCode::from(match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => exit::OK,
                // With it, 2 is an answer.
                _ if is_given("--detailed-exitcode") => exit::FAILED,
                _ => exit::USAGE,
            });
        }
    };
    ExitCode::from(run_parsed(cli))
}

fn run_parsed(cli: Cli) -> u8 {
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => {
            let style = crate::report::style::Style::PLAIN;
            let terminal = Terminal { out: style, err: style, out_columns: None, err_columns: 80 };
            terminal.say(&format!("error: the working directory cannot be read: {error}\n"));
            return exit::USAGE;
        }
    };
    let settings = Settings::resolve(&cli.global, cli.lab, environment);
    let terminal = Terminal::new(&settings);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = CliError::Internal(format!("failed to start: {error}"));
            error.say(&terminal);
            return error.exit_code();
        }
    };
    let is_detailed = matches!(&cli.command, Command::Plan(args) if args.detailed_exitcode);
    let mut command = cli.command;
    if let Some(change) = command.change_mut() {
        change.dry_run |= cli.dry_run;
        let parallel = cli.parallel.and_then(|n| NonZeroUsize::new(usize::try_from(n).ok()?));
        change.parallel = change.parallel.or(parallel);
    } else if cli.dry_run && command.only_does() {
        let error = CliError::Usage {
            message: "`--dry-run` cannot show what this command would do".to_owned(),
            hint: Some("leave it away; `nestctl plan` shows what `up` would do".to_owned()),
        };
        error.say(&terminal);
        return error.exit_code();
    }
    let result = runtime.block_on(dispatch(command, &settings, &terminal));
    // A thread may still sit in a read of the terminal; nobody waits for it.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => {
            error.say(&terminal);
            match error.exit_code() {
                code @ (exit::OK | exit::INTERRUPTED) => code,
                _ if is_detailed => exit::FAILED,
                code => code,
            }
        }
    }
}
