//! `ps`.

use std::collections::BTreeSet;
use std::time::SystemTime;

use crate::cli::args::format::Format;
use crate::cli::args::ps::PsArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::{Terminal, lines};
use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::Failure;
use crate::ops::address::parse_patterns;
use crate::ops::load::{load, project_name};
use crate::ops::ps::{self, PsOptions};
use crate::report::json::convert;
use crate::report::ps_tree;
use crate::report::style::{Symbol, Tone};

/// Lists the containers of the lab.
pub async fn ps(args: &PsArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let patterns = parse_patterns(&args.addresses)?;
    let load_options = settings.load_options(&args.lab, &[])?;
    let project = project_name(&load_options)?;
    let ctx = settings.ctx()?;
    let mut status = ps::ps(&ctx, &PsOptions { project, patterns, one_offs: args.all }).await?;
    let states: Vec<_> = args.status.iter().chain(&args.filter).collect();
    status.services.retain(|it| states.is_empty() || states.contains(&&it.state));
    if args.orphans == Some(false) {
        let lab = load(&load_options)?.valid()?.lab;
        status.services.retain(|it| lab.topology.has(&it.addr) || lab.topology.is_inactive(&it.addr));
    }
    if args.quiet {
        terminal.print(&lines(status.services.iter().map(|service| &service.id)))?;
        return Ok(exit::OK);
    }
    if args.services {
        let services: BTreeSet<String> = status.services.iter().map(|it| service_path(&it.addr)).collect();
        terminal.print(&lines(services))?;
        return Ok(exit::OK);
    }
    let is_chosen = !states.is_empty() || args.orphans == Some(false);
    match args.format.format {
        Format::Json => terminal.print(&convert::to_text(&convert::containers(&status)))?,
        Format::Table if status.services.is_empty() && is_chosen => {}
        Format::Table if status.services.is_empty() => {
            terminal.say(&format!("no container of the lab `{}` on the engine\n", status.project));
        }
        Format::Table => {
            terminal.print(&ps_tree::render(
                &status,
                terminal.out,
                terminal.out_columns.filter(|_| !args.no_trunc),
                SystemTime::now(),
            ))?;
        }
    }
    say_silent(&status.silent, terminal);
    if let Some(unseen) = ps_tree::unseen(&status) {
        terminal.say(&terminal.err.paint(Tone::Faint, &unseen));
    }
    Ok(exit::OK)
}

/// The address of the service of which `addr` is a replica.
fn service_path(addr: &Addr) -> String {
    let names: Vec<String> = addr.parts().iter().map(|part| part.service.to_string()).collect();
    names.join("/")
}

/// Names the engines that do not answer: what is on them is missing in the output.
pub fn say_silent(silent: &[(LayerPath, Failure)], terminal: &Terminal) {
    for (layer, failure) in silent {
        let style = terminal.err;
        let why = failure.causes.first().unwrap_or(&failure.summary);
        let text =
            format!("{} the engine of {layer} does not answer: {why}\n", style.symbol(Symbol::Warning));
        terminal.say(&style.paint(Tone::Warn, &text));
    }
}
