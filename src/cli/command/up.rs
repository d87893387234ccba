//! `up`.

use crate::cli::args::format::Format;
use crate::cli::args::lab::LabArgs;
use crate::cli::args::making::MakingArgs;
use crate::cli::args::up::UpArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::model::addr::Pattern;
use crate::ops::address::parse_patterns;
use crate::ops::context::Ctx;
use crate::ops::load::{ValidLab, load};
use crate::ops::scale::{parse_scale, scaled};
use crate::ops::up::{self, Starts, Until, UpOptions, prepare_up};
use crate::report::{asks, timings};

use super::run;

/// What `up`, `create` and `scale` ask for.
pub struct Asked<'a> {
    /// Addresses as they were given: their services are active whatever their profiles.
    pub addresses: &'a [String],
    /// What to bring up; empty: everything.
    pub targets: Vec<Pattern>,
    /// Until when.
    pub until: Until,
    /// What is started.
    pub starts: Starts,
    /// How.
    pub making: &'a MakingArgs,
    /// Which lab.
    pub lab: &'a LabArgs,
}

/// What came of it.
pub struct BroughtUp {
    /// Exit code.
    pub code: u8,
    /// The lab, and the engine on which it is.
    pub lab: ValidLab,
    /// The engine.
    pub ctx: Ctx,
}

/// Brings the lab up.
pub async fn up(args: &UpArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = Asked {
        addresses: &args.addresses,
        targets: parse_patterns(&args.addresses)?,
        until: if args.no_wait { Until::Started } else { Until::Ready(args.wait_timeout) },
        starts: if args.no_start { Starts::Nothing } else { Starts::All },
        making: &args.making,
        lab: &args.lab,
    };
    bring_up(&asked, settings, terminal).await.map(|it| it.code)
}

/// Loads, plans, shows and carries out.
pub async fn bring_up(
    asked: &Asked<'_>,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<BroughtUp, CliError> {
    let making = asked.making;
    let options = UpOptions {
        targets: asked.targets.clone(),
        until: asked.until,
        force_recreate: making.force_recreate,
        remove_orphans: making.remove_orphans || settings.is_on("COMPOSE_REMOVE_ORPHANS"),
        discard_node_files: making.discard_node_files,
        way: making.way(asked.starts),
    };
    let scales = making.scale.iter().map(|text| parse_scale(text)).collect::<Result<Vec<_>, _>>()?;
    let lab = load(&settings.load_options(asked.lab, asked.addresses)?)?.valid()?;
    let lab = scaled(lab, &scales)?;
    let quiet = matches!(settings.progress, Progress::Quiet | Progress::Json);
    if !quiet {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let cancel = signals::listen()?;
    let ctx = if making.dry_run {
        Ctx::open(&settings.environment.vars)?
    } else {
        settings.open_to_change(terminal)?
    };
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_up(&ctx, &lab, &options) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if making.dry_run {
        run::show_plan(&prepared, &lab.sources, Format::Table, terminal)?;
        return Ok(BroughtUp { code: exit::OK, lab, ctx });
    }
    if !quiet
        && let Some(line) =
            asks::render(&prepared.plan, &lab.lab.topology.directory, terminal.err, terminal.err_columns)
    {
        terminal.say(&line);
    }
    let mut sink = run::sink(settings, terminal, &lab.sources);
    let report = up::up(prepared, making.parallel, sink.as_mut(), cancel).await;
    drop(sink);
    // With events as JSON it is in the last of them.
    if making.timings && settings.progress != Progress::Json {
        terminal.say(&format!(
            "\n{}",
            timings::render(&report.timings, terminal.err, Some(terminal.err_columns))
        ));
    }
    Ok(BroughtUp { code: run::finish(&report, terminal), lab, ctx })
}
