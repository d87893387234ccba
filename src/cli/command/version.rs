//! `version`.

use crate::cli::args::format::Format;
use crate::cli::args::version::VersionArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::version::{CLIENT, engine_facts};
use crate::report::json::convert;

/// Prints versions. An engine that does not answer is said and is no failure.
pub async fn version(args: &VersionArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    if args.short {
        terminal.print(&format!("{CLIENT}\n"))?;
        return Ok(exit::OK);
    }
    let facts = match settings.ctx() {
        Ok(ctx) => engine_facts(&ctx).await,
        Err(error) => Err(error),
    };
    match args.form.unwrap_or(args.format.format) {
        Format::Json => terminal.print(&convert::to_text(&convert::version(CLIENT, facts.as_ref().ok())))?,
        Format::Table => {
            let engine = match &facts {
                Ok(facts) => format!(
                    "engine   {} (API {}, {}/{}, kernel {})\n",
                    facts.version, facts.api_version, facts.os, facts.arch, facts.kernel
                ),
                Err(error) => format!("engine   not reached: {error}\n"),
            };
            terminal.print(&format!("nestctl  {CLIENT}\n{engine}"))?;
        }
    }
    Ok(exit::OK)
}
