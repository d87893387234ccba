//! `down`.

use crate::cli::args::down::DownArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::down::{DownOptions, prepare_down};
use crate::ops::load::project_name;

use super::run::Course;

/// Takes the lab down.
pub async fn down(args: &DownArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.change.lab, &[])?)?;
    let options = DownOptions { project, volumes: args.volumes, grace: args.timeout };
    let course = Course::new(&args.change, settings, terminal);
    let over = course.run(async |ctx| prepare_down(ctx, &options).await, |_| Ok(true)).await?;
    Ok(over.code)
}
