//! `down`.

use std::sync::Arc;

use crate::cli::args::down::DownArgs;
use crate::cli::args::format::Format;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::diag::source::SourceMap;
use crate::ops::context::Ctx;
use crate::ops::down::{self, DownOptions, prepare_down};
use crate::ops::load::project_name;

use super::run;

/// Takes the lab down.
pub async fn down(args: &DownArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let options = DownOptions { project, volumes: args.volumes, grace: args.timeout };
    let cancel = signals::listen()?;
    let ctx = if args.dry_run {
        Ctx::open(&settings.environment.vars)?
    } else {
        settings.open_to_change(terminal)?
    };
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_down(&ctx, &options) => prepared?,
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
