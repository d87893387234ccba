//! The labs on an engine.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::status::ProjectStatus;

use super::context::Ctx;
use super::error::OpError;

/// The labs of which anything is on the root engine, by name: also those of which only a network is left, or, where
/// `volumes` count, a volume. What an inner engine has alone bears another root's mark and is not one of them.
///
/// # Errors
/// When the engine does not answer.
pub async fn with_remains(ctx: &Ctx, volumes: bool) -> Result<BTreeSet<ProjectName>, OpError> {
    let root_id = ctx.root.facts().await?.id;
    let seen = ctx.root.observe().await?;
    let containers = seen.containers.iter().map(|one| &one.labels);
    let networks = seen.networks.iter().map(|one| &one.labels);
    let volumes = seen.volumes.iter().filter(|_| volumes).map(|one| &one.labels);
    let ours =
        containers.chain(networks).chain(volumes).filter(|labels| labels.get(label::ROOT) == Some(&root_id));
    Ok(ours.filter_map(|labels| ProjectName::new(labels.get(label::PROJECT)?).ok()).collect())
}

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
