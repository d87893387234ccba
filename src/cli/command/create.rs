//! `create` and `scale`: an `up` that starts less, or more of something.

use crate::cli::args::create::CreateArgs;
use crate::cli::args::making::MakingArgs;
use crate::cli::args::scale::ScaleArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::address::parse_patterns;
use crate::ops::scale::parse_scale;
use crate::ops::up::{Starts, Until};

use super::up::{self, Asked};

/// Makes containers and starts none, or nodes only.
pub async fn create(args: &CreateArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let starts = if args.start_nodes { Starts::Nodes } else { Starts::Nothing };
    let asked = Asked {
        addresses: &args.addresses,
        targets: parse_patterns(&args.addresses)?,
        until: Until::Started,
        starts,
        making: &args.making,
        lab: &args.lab,
    };
    up::bring_up(&asked, settings, terminal).await.map(|it| it.code)
}

/// Runs another number of replicas.
pub async fn scale(args: &ScaleArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let scales = args.scale.iter().map(|text| parse_scale(text)).collect::<Result<Vec<_>, _>>()?;
    let making = MakingArgs {
        scale: args.scale.clone(),
        no_deps: args.no_deps,
        parallel: args.parallel,
        dry_run: args.dry_run,
        ..MakingArgs::default()
    };
    let asked = Asked {
        addresses: &scales.iter().map(|scale| scale.service.to_string()).collect::<Vec<_>>(),
        targets: scales.into_iter().map(|it| it.service).collect(),
        until: Until::Ready(None),
        starts: Starts::All,
        making: &making,
        lab: &args.lab,
    };
    up::bring_up(&asked, settings, terminal).await.map(|it| it.code)
}
