//! `push`.

use crate::cli::args::push::PushArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::up::{ImagesOnly, Way};

use super::up::{Asked, bring_up};

/// Pushes images that were built.
pub async fn push(args: &PushArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let images_only = ImagesOnly::Push { ignore_failures: args.ignore_push_failures };
    let way = Way { images_only: Some(images_only), no_deps: !args.include_deps, ..Way::default() };
    let asked = Asked::images(&args.addresses, way, &args.change)?;
    bring_up(&asked, &settings.quieter(args.quiet), terminal).await.map(|it| it.code)
}
