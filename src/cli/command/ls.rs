//! `ls`.

use crate::cli::args::format::Format;
use crate::cli::args::ls::LsArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::{Terminal, lines};
use crate::ops::ls;
use crate::report::json::convert;
use crate::report::ps_tree;

/// Lists the labs on the engine.
pub async fn ls(args: &LsArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let ctx = settings.ctx()?;
    let mut projects = ls::ls(&ctx).await?;
    let is_meant = |name: &str| args.filter.is_empty() || args.filter.iter().any(|text| name.contains(text));
    projects.retain(|it| is_meant(it.project.as_str()));
    if args.quiet {
        terminal.print(&lines(projects.iter().map(|project| &project.project)))?;
        return Ok(exit::OK);
    }
    match args.format.format {
        Format::Json => terminal.print(&convert::to_text(&convert::projects(&projects)))?,
        Format::Table if projects.is_empty() => terminal.say("no labs on the engine\n"),
        Format::Table => {
            terminal.print(&ps_tree::render_projects(&projects, terminal.out, terminal.out_columns))?;
        }
    }
    Ok(exit::OK)
}
