//! The survey of a lab whose last run was killed. What it asked of an engine last goes on there without it: a container
//! appears, ends or goes a moment after who asked for it has died. Who plans by what is there before that leaves it behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::facts::Facts;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::plan::known::Known;
use crate::plan::ours::is_ours;

use super::survey::{SurveyOptions, Surveyed, survey_knowing};

/// How long nothing may come, change or go.
const STILL: Duration = Duration::from_millis(500);

/// How often the lab is looked at for that: what goes on for longer (a stop within its grace, something that restarts
/// for ever) is the run's own business.
const LOOKS: u32 = 20;

/// As [`survey_knowing`], once two looks at the lab have seen the same.
///
/// # Errors
/// As [`survey_knowing`].
pub async fn survey_settled(
    root: Arc<dyn Engine>,
    facts: Facts,
    options: &SurveyOptions,
) -> Result<Surveyed, EngineError> {
    let mut seen = survey_knowing(Arc::clone(&root), facts.clone(), options).await?;
    for _ in 1..LOOKS {
        tokio::time::sleep(STILL).await;
        let before = objects(&seen.known, options.project.as_ref());
        seen = survey_knowing(Arc::clone(&root), facts.clone(), options).await?;
        if objects(&seen.known, options.project.as_ref()) == before {
            break;
        }
    }
    Ok(seen)
}

/// The lab's containers with their names and states, its networks and its volumes, each with its engine.
fn objects(
    known: &Known,
    project: Option<&ProjectName>,
) -> BTreeSet<(String, String, String, Option<ContainerState>)> {
    let mut out = BTreeSet::new();
    for (path, answered) in known.engines() {
        let seen = &answered.seen;
        let containers = seen.containers.iter().map(|it| (&it.labels, &it.id, &it.name, Some(it.state)));
        let networks = seen.networks.iter().map(|it| (&it.labels, &it.id, &it.name, None));
        let volumes = seen.volumes.iter().map(|it| (&it.labels, &it.name, &it.name, None));
        for (labels, id, name, state) in containers.chain(networks).chain(volumes) {
            if project.is_none_or(|project| is_ours(labels, project, &known.root_id)) {
                out.insert((path.to_string(), id.clone(), name.clone(), state));
            }
        }
    }
    out
}
