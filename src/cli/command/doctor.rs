//! `doctor`.

use crate::cli::args::doctor::DoctorArgs;
use crate::cli::args::format::Format;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::model::check::Verdict;
use crate::ops::doctor;
use crate::report::checks;
use crate::report::json::convert;

/// Checks the engine and the machine.
pub async fn doctor(args: &DoctorArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let ctx = settings.ctx();
    let found = doctor::doctor(ctx.as_ref()).await;
    let text = match args.format.format {
        Format::Json => convert::to_text(&convert::checks(&found)),
        Format::Table => checks::render(&found, terminal.out, terminal.out_columns.unwrap_or(100)),
    };
    terminal.print(&text)?;
    let failed = found.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(if failed { exit::FAILED } else { exit::OK })
}
