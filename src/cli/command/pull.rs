//! `pull`.

use crate::cli::args::pull::PullArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::up::{ImagesOnly, Pulling, Way};

use super::up::{Asked, bring_up};

/// Pulls images, and copies them to inner engines that run.
pub async fn pull(args: &PullArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let pulling = Pulling {
        policy: args.policy,
        ignore_buildable: args.ignore_buildable,
        ignore_failures: args.ignore_pull_failures,
    };
    let way =
        Way { images_only: Some(ImagesOnly::Pull(pulling)), no_deps: !args.include_deps, ..Way::default() };
    let asked = Asked::images(&args.addresses, way, &args.change)?;
    bring_up(&asked, &settings.quieter(args.quiet), terminal).await.map(|it| it.code)
}
