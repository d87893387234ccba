//! From the root down through every running node whose engine answers. Changes nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::addr::Pattern;
use crate::model::name::ProjectName;
use crate::plan::known::Known;

use super::engines::Engines;

/// What to survey.
#[derive(Clone, Debug)]
pub struct SurveyOptions {
    /// The lab; `None`: the root engine only.
    pub project: Option<ProjectName>,
    /// Only the nodes on the way to these addresses and below them; empty: all.
    pub paths: Vec<Pattern>,
    /// Whether facts of inner engines are wanted (the root's always are).
    pub facts: bool,
    /// How long an inner engine may take to answer before it counts as silent. 3 s for all but `up`.
    pub patience: Duration,
}

/// What a survey found.
pub struct Surveyed {
    /// What was observed.
    pub known: Known,
    /// How to reach each engine that answered.
    pub engines: Engines,
}

/// Surveys.
///
/// # Errors
/// When the root engine does not answer. Inner engines that do not are `Silent` in the result.
#[expect(clippy::unused_async, reason = "written next")]
pub async fn survey(root: Arc<dyn Engine>, options: &SurveyOptions) -> Result<Surveyed, EngineError> {
    let _ = options;
    Ok(Surveyed { known: Known::default(), engines: Engines::new(root) })
}
