//! The labs on an engine.

use std::collections::BTreeMap;

use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::status::ProjectStatus;

use super::context::Ctx;
use super::error::OpError;

/// Lists the labs that have a container on the root engine, by name.
///
/// # Errors
/// When the engine does not answer.
pub async fn ls(ctx: &Ctx) -> Result<Vec<ProjectStatus>, OpError> {
    let seen = ctx.root.observe().await?;
    let mut labs: BTreeMap<ProjectName, ProjectStatus> = BTreeMap::new();
    for container in &seen.containers {
        if container.labels.contains_key(label::ROLE) {
            continue;
        }
        let name = container.labels.get(label::PROJECT).and_then(|text| ProjectName::new(text).ok());
        let Some(project) = name else { continue };
        let lab = labs.entry(project.clone()).or_insert(ProjectStatus {
            project,
            containers: 0,
            running: 0,
            nodes: 0,
        });
        lab.containers += 1;
        lab.running += usize::from(container.state == ContainerState::Running);
        lab.nodes += usize::from(container.labels.contains_key(label::KIND));
    }
    Ok(labs.into_values().collect())
}
