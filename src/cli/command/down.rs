//! `down`.

use std::sync::Arc;

use crate::cli::args::down::DownArgs;
use crate::cli::args::format::Format;
use crate::cli::error::CliError;
use crate::cli::settings::{Progress, Settings};
use crate::cli::signals::Cancel;
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::diag::source::SourceMap;
use crate::model::name::ProjectName;
use crate::ops::context::Ctx;
use crate::ops::down::{self, DownOptions, prepare_down};
use crate::ops::load::project_name;
use crate::ops::ls::with_remains;

use super::run;

/// Takes the lab down, or all of them.
pub async fn down(args: &DownArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let labs = if args.all && settings.names_a_lab(&args.lab) {
        return Err(CliError::Usage {
            message: "`down --all` takes every lab down, not only the one that was named".to_owned(),
            hint: Some("leave `--all` away, or the file and the name".to_owned()),
        });
    } else if args.all {
        None
    } else {
        Some(project_name(&settings.load_options(&args.lab, &[])?)?)
    };
    let cancel = signals::listen()?;
    let ctx = if args.dry_run {
        Ctx::open(&settings.environment.vars)?
    } else {
        settings.open_to_change(terminal)?
    };
    if let Some(project) = labs {
        return one(project, &ctx, args, settings, terminal, cancel).await;
    }
    let mut interrupted = cancel.clone();
    let labs = tokio::select! {
        labs = with_remains(&ctx, args.volumes) => labs?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if labs.is_empty() && settings.progress != Progress::Quiet {
        terminal.say("no labs on the engine\n");
    }
    let mut worst = exit::OK;
    for project in labs {
        let code = match one(project, &ctx, args, settings, terminal, cancel.clone()).await {
            Ok(code) => code,
            Err(CliError::Interrupted) => return Err(CliError::Interrupted),
            // The others are no worse for it.
            Err(error) => {
                error.say(terminal);
                error.exit_code()
            }
        };
        if cancel.borrow().is_some() {
            return Ok(exit::INTERRUPTED);
        }
        if worst == exit::OK {
            worst = code;
        }
    }
    Ok(worst)
}

async fn one(
    project: ProjectName,
    ctx: &Ctx,
    args: &DownArgs,
    settings: &Settings,
    terminal: &Terminal,
    cancel: Cancel,
) -> Result<u8, CliError> {
    let options =
        DownOptions { project, volumes: args.volumes, grace: args.timeout, patience: args.wait_timeout };
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_down(ctx, &options) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if args.dry_run {
        run::show_plan(&prepared, &Arc::default(), Format::Table, terminal)?;
        return Ok(exit::OK);
    }
    let mut sink = run::sink(settings, terminal, &Arc::new(SourceMap::default()));
    let report = down::down(prepared, args.parallel, sink.as_mut(), cancel).await;
    drop(sink);
    Ok(run::finish(&report, terminal))
}
