//! `create` and `scale`: an `up` that starts less, or more of something.

use crate::cli::args::create::CreateArgs;
use crate::cli::args::making::MakingArgs;
use crate::cli::args::scale::ScaleArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::ops::scale::parse_scale;
use crate::ops::up::{Starts, Until};

use super::up::{Asked, bring_up};

/// Makes containers and starts none, or nodes only.
pub async fn create(args: &CreateArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let starts = if args.start_nodes { Starts::Nodes } else { Starts::Nothing };
    let way = (Until::Started, starts);
    let asked = Asked::making(&args.addresses, way, &args.making, &args.change, settings)?;
    bring_up(&asked, settings, terminal).await.map(|it| it.code)
}

/// Runs another number of replicas.
pub async fn scale(args: &ScaleArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let scales = args.scale.iter().map(|text| parse_scale(text)).collect::<Result<Vec<_>, _>>()?;
    let making = MakingArgs { scale: args.scale.clone(), no_deps: args.no_deps, ..MakingArgs::default() };
    let addresses: Vec<String> = scales.iter().map(|scale| scale.service.to_string()).collect();
    let way = (Until::Ready(None), Starts::All);
    let asked = Asked::making(&addresses, way, &making, &args.change, settings)?;
    let targets = scales.into_iter().map(|it| it.service).collect();
    bring_up(&asked.with_targets(targets), settings, terminal).await.map(|it| it.code)
}
