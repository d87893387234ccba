//! `start`, `stop`, `restart`, `pause`, `unpause`, `kill` and `rm`.

use std::io::{self, BufRead};
use std::time::Duration;

use crate::cli::args::change::ChangeArgs;
use crate::cli::args::life::{KillArgs, PauseArgs, RestartArgs, RmArgs, StartArgs, StopArgs};
use crate::cli::ask::is_yes;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::address::parse_patterns;
use crate::ops::life::{self, Life, Verb, Wait, prepare_life};
use crate::ops::load::project_name;

use super::run::Course;

/// What all of these commands take.
struct Asked<'a> {
    verb: Verb,
    addresses: &'a [String],
    grace: Option<Duration>,
    wait: Wait,
    change: &'a ChangeArgs,
    /// Whether the user is asked first.
    ask: bool,
}

impl<'a> Asked<'a> {
    fn new(verb: Verb, addresses: &'a [String], change: &'a ChangeArgs) -> Self {
        Self { verb, addresses, grace: None, wait: Wait::Started, change, ask: false }
    }
}

/// Starts.
pub async fn start(args: &StartArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let wait = if args.wait { Wait::Ready(args.wait_timeout) } else { Wait::Started };
    let asked = Asked { wait, ..Asked::new(Verb::Start, &args.addresses, &args.change) };
    carry_out(&asked, settings, terminal).await
}

/// Stops.
pub async fn stop(args: &StopArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = Asked { grace: args.timeout, ..Asked::new(Verb::Stop, &args.addresses, &args.change) };
    carry_out(&asked, settings, terminal).await
}

/// Restarts.
pub async fn restart(args: &RestartArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Restart { no_deps: args.no_deps };
    let asked = Asked { grace: args.timeout, ..Asked::new(verb, &args.addresses, &args.change) };
    carry_out(&asked, settings, terminal).await
}

/// Freezes.
pub async fn pause(args: &PauseArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    carry_out(&Asked::new(Verb::Pause, &args.addresses, &args.change), settings, terminal).await
}

/// Continues.
pub async fn unpause(args: &PauseArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    carry_out(&Asked::new(Verb::Unpause, &args.addresses, &args.change), settings, terminal).await
}

/// Sends a signal.
pub async fn kill(args: &KillArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Kill { signal: Some(args.signal.clone()) };
    carry_out(&Asked::new(verb, &args.addresses, &args.change), settings, terminal).await
}

/// Removes.
pub async fn rm(args: &RmArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Remove { stop: args.stop, volumes: args.volumes };
    let asked = Asked { ask: !args.force, ..Asked::new(verb, &args.addresses, &args.change) };
    carry_out(&asked, settings, terminal).await
}

async fn carry_out(asked: &Asked<'_>, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let life = Life {
        project: project_name(&settings.load_options(&asked.change.lab, &[])?)?,
        targets: parse_patterns(asked.addresses)?,
        verb: asked.verb.clone(),
        grace: asked.grace,
        wait: asked.wait,
    };
    let course = Course::new(asked.change, settings, terminal);
    let opened = course.open()?;
    course
        .run(
            &opened,
            async |ctx| prepare_life(ctx, life).await,
            |prepared| {
                for shut in life::at_rest(prepared) {
                    let state = shut.state.as_str();
                    terminal.say(&format!(
                        "`{}` does not run: its node `{}` is {state}\n",
                        shut.target, shut.node
                    ));
                }
                Ok(!asked.ask || may_remove(&life::removed(prepared), settings, terminal)?)
            },
        )
        .await
}

/// Asks whether these may go. Without a terminal there is nobody to ask.
fn may_remove(removed: &[String], settings: &Settings, terminal: &Terminal) -> Result<bool, CliError> {
    if removed.is_empty() {
        terminal.say("nothing to remove: what is there runs (`-s` stops it first)\n");
        return Ok(false);
    }
    if !settings.environment.stdin_tty {
        return Err(CliError::Usage {
            message: format!("`rm` would remove {} and cannot ask", removed.join(", ")),
            hint: Some("`-f` does it without asking".to_owned()),
        });
    }
    terminal.say(&format!("Remove {}? [y/N] ", removed.join(", ")));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(CliError::Output)?;
    Ok(is_yes(&answer))
}
