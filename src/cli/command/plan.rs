//! `plan`.

use std::sync::Arc;

use crate::cli::args::format::Format;
use crate::cli::args::plan::PlanArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::diag::source::SourceMap;
use crate::ops::address::parse_patterns;
use crate::ops::down::{DownOptions, Part, prepare_down};
use crate::ops::load::{load, named_lab, project_name};
use crate::ops::up::{Until, UpOptions, Way, prepare_up};
use crate::report::asks;

use super::run;

/// Shows what would be done.
pub async fn plan(args: &PlanArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let load_options = settings.load_options(&args.lab, &args.addresses)?;
    let targets = parse_patterns(&args.addresses)?;
    let (prepared, sources, directory) = if args.down {
        let (project, lab) =
            if targets.is_empty() { (project_name(&load_options)?, None) } else { named_lab(&load_options)? };
        let options = DownOptions {
            project,
            volumes: args.volumes,
            grace: None,
            patience: None,
            rmi: None,
            part: (!targets.is_empty()).then(|| Part {
                targets,
                dependents: lab.is_none(),
                one_offs: false,
                lab: None,
            }),
            lab,
        };
        let ctx = settings.ctx()?;
        (prepare_down(&ctx, &options).await?, Arc::new(SourceMap::default()), None)
    } else {
        let options = UpOptions {
            targets,
            until: Until::Ready(None),
            force_recreate: args.force_recreate,
            orphans: settings.orphans(args.remove_orphans)?,
            discard_node_files: args.discard_node_files,
            way: Way::default(),
        };
        let lab = load(&load_options)?.valid()?;
        say_problems(&lab.warnings, &lab.sources, terminal);
        let ctx = settings.ctx()?;
        let directory = lab.lab.topology.directory.clone();
        (prepare_up(&ctx, &lab, &options).await?, lab.sources, Some(directory))
    };
    run::show_plan(&prepared, &sources, args.format.format, terminal)?;
    if args.format.format == Format::Table
        && let Some(line) =
            directory.and_then(|it| asks::render(&prepared.plan, &it, terminal.err, terminal.err_columns))
    {
        terminal.say(&line);
    }
    Ok(if args.detailed_exitcode && !prepared.plan.is_empty() { exit::CHANGES } else { exit::OK })
}
