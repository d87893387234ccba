//! `start`, `stop`, `restart`, `pause`, `unpause`, `kill` and `rm`.

use std::io::{self, BufRead};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::args::format::Format;
use crate::cli::args::kill::KillArgs;
use crate::cli::args::lab::LabArgs;
use crate::cli::args::pause::PauseArgs;
use crate::cli::args::restart::RestartArgs;
use crate::cli::args::rm::RmArgs;
use crate::cli::args::start::StartArgs;
use crate::cli::args::stop::StopArgs;
use crate::cli::args::unpause::UnpauseArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::diag::source::SourceMap;
use crate::ops::address::parse_patterns;
use crate::ops::context::Ctx;
use crate::ops::life::{self, Life, Verb, Wait, prepare_life};
use crate::ops::load::project_name;

use super::run;

/// What all of these commands take.
struct Asked<'a> {
    verb: Verb,
    addresses: &'a [String],
    grace: Option<Duration>,
    wait: Wait,
    parallel: Option<NonZeroUsize>,
    dry_run: bool,
    lab: &'a LabArgs,
    /// Whether the user is asked first.
    ask: bool,
}

/// Starts.
pub async fn start(args: &StartArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = Asked {
        wait: if args.wait { Wait::Ready(args.wait_timeout) } else { Wait::Started },
        ..plain(Verb::Start, &args.addresses, args.parallel, args.dry_run, &args.lab)
    };
    carry_out(&asked, settings, terminal).await
}

/// Stops.
pub async fn stop(args: &StopArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = Asked {
        grace: args.timeout,
        ..plain(Verb::Stop, &args.addresses, args.parallel, args.dry_run, &args.lab)
    };
    carry_out(&asked, settings, terminal).await
}

/// Restarts.
pub async fn restart(args: &RestartArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Restart { no_deps: args.no_deps };
    let asked =
        Asked { grace: args.timeout, ..plain(verb, &args.addresses, args.parallel, args.dry_run, &args.lab) };
    carry_out(&asked, settings, terminal).await
}

/// Freezes.
pub async fn pause(args: &PauseArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = plain(Verb::Pause, &args.addresses, args.parallel, args.dry_run, &args.lab);
    carry_out(&asked, settings, terminal).await
}

/// Continues.
pub async fn unpause(args: &UnpauseArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = plain(Verb::Unpause, &args.addresses, args.parallel, args.dry_run, &args.lab);
    carry_out(&asked, settings, terminal).await
}

/// Sends a signal.
pub async fn kill(args: &KillArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Kill { signal: Some(args.signal.clone()) };
    let asked = plain(verb, &args.addresses, args.parallel, args.dry_run, &args.lab);
    carry_out(&asked, settings, terminal).await
}

/// Removes.
pub async fn rm(args: &RmArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let verb = Verb::Remove { stop: args.stop, volumes: args.volumes };
    let asked =
        Asked { ask: !args.force, ..plain(verb, &args.addresses, args.parallel, args.dry_run, &args.lab) };
    carry_out(&asked, settings, terminal).await
}

fn plain<'a>(
    verb: Verb,
    addresses: &'a [String],
    parallel: Option<NonZeroUsize>,
    dry_run: bool,
    lab: &'a LabArgs,
) -> Asked<'a> {
    Asked { verb, addresses, grace: None, wait: Wait::Started, parallel, dry_run, lab, ask: false }
}

async fn carry_out(asked: &Asked<'_>, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let life = Life {
        project: project_name(&settings.load_options(asked.lab, &[])?)?,
        targets: parse_patterns(asked.addresses)?,
        verb: asked.verb.clone(),
        grace: asked.grace,
        wait: asked.wait,
    };
    let cancel = signals::listen()?;
    let ctx = if asked.dry_run {
        Ctx::open(&settings.environment.vars)?
    } else {
        settings.open_to_change(terminal)?
    };
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_life(&ctx, life) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if asked.dry_run {
        run::show_plan(&prepared, &Arc::default(), Format::Table, terminal)?;
        return Ok(exit::OK);
    }
    if asked.ask && !may_remove(&life::removed(&prepared), settings, terminal)? {
        return Ok(exit::OK);
    }
    let mut sink = run::sink(settings, terminal, &Arc::new(SourceMap::default()));
    let report = life::live(prepared, asked.parallel, sink.as_mut(), cancel).await;
    drop(sink);
    Ok(run::finish(&report, terminal))
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
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
