//! `events`: what happens on the engines of all layers, merged, with addresses.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::engine::engine::Span;
use crate::engine::error::EngineError;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::failure::Failure;
use crate::model::label;
use crate::model::name::ProjectName;
pub use crate::model::usage::Happening;

use super::address::is_meant;
use super::context::Ctx;
use super::error::OpError;
use super::logs::LogTime;
use super::members::{Members, members};

/// What happens.
pub struct Happenings {
    /// As it comes; what is past in the order of time on each engine.
    pub stream: BoxStream<'static, Result<Happening, EngineError>>,
    /// Layers whose engine does not answer.
    pub silent: Vec<(LayerPath, Failure)>,
}

/// Opens the events of the containers meant. Layers that come up later are not in it.
///
/// # Errors
/// As [`members`], and when an engine cannot be subscribed to.
pub async fn happenings(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
    since: Option<LogTime>,
    until: Option<LogTime>,
) -> Result<Happenings, OpError> {
    let Members { surveyed, silent, .. } = members(ctx, project, patterns).await?;
    let span = Span { since: since.map(LogTime::to_api), until: until.map(LogTime::to_api) };
    let mut streams = Vec::new();
    for (path, _) in surveyed.known.engines() {
        let Some(engine) = surveyed.engines.get(path) else { continue };
        streams.push(engine.history(&span).await?);
    }
    let (project, root_id, patterns) = (project.clone(), surveyed.known.root_id.clone(), patterns.to_vec());
    let merged = stream::select_all(streams).filter_map(move |event| {
        let out = match event {
            Err(error) => Some(Err(error)),
            Ok(event) => {
                let labels = &event.attributes;
                let addr = labels.get(label::ADDRESS).and_then(|text| text.parse::<Addr>().ok());
                let ours = crate::plan::ours::is_ours(labels, &project, &root_id)
                    && labels.get(label::ROLE).is_none_or(|role| role == label::ROLE_RUN)
                    && event.object == "container";
                addr.filter(|addr| ours && is_meant(&patterns, addr)).map(|addr| {
                    let shown = |key: &str| {
                        !key.starts_with("io.nestctl.") && !key.starts_with("com.docker.compose.")
                    };
                    Ok(Happening {
                        time: event.time,
                        addr,
                        action: event.action,
                        container: event.name,
                        id: event.id,
                        attributes: event.attributes.into_iter().filter(|(key, _)| shown(key)).collect(),
                    })
                })
            }
        };
        std::future::ready(out)
    });
    Ok(Happenings { stream: merged.boxed(), silent })
}
