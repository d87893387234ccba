//! `up`.

use crate::cli::args::format::Format;
use crate::cli::args::up::UpArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::ops::address::parse_patterns;
use crate::ops::context::Ctx;
use crate::ops::load::load;
use crate::ops::up::{self, Until, UpOptions, prepare_up};
use crate::report::asks;

use super::run;

/// Brings the lab up.
pub async fn up(args: &UpArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let options = UpOptions {
        targets: parse_patterns(&args.addresses)?,
        until: if args.no_wait { Until::Started } else { Until::Ready(args.wait_timeout) },
        force_recreate: args.force_recreate,
        remove_orphans: args.remove_orphans,
        discard_node_files: args.discard_node_files,
    };
    let lab = load(&settings.load_options(&args.lab, &args.addresses)?)?.valid()?;
    let quiet = matches!(settings.progress, Progress::Quiet | Progress::Json);
    if !quiet {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let cancel = signals::listen()?;
    let ctx = Ctx::open(&settings.environment.vars)?;
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_up(&ctx, &lab, &options) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if args.dry_run {
        run::show_plan(&prepared, &lab.sources, Format::Table, terminal)?;
        return Ok(exit::OK);
    }
    if !quiet
        && let Some(line) =
            asks::render(&prepared.plan, &lab.lab.topology.directory, terminal.err, terminal.err_columns)
    {
        terminal.say(&line);
    }
    let mut sink = run::sink(settings, terminal, &lab.sources);
    let report = up::up(prepared, args.parallel, sink.as_mut(), cancel).await;
    drop(sink);
    Ok(run::finish(&report, terminal))
}
