//! Filling a volume: through a container that mounts it, is never started and goes again.

use crate::engine::engine::{Create, Remove};
use crate::engine::error::EngineError;
use crate::executor::step_context::StepContext;
use crate::model::container::{ContainerSpec, Mount, MountSource, NetworkMode};
use crate::model::failure::FailureKind;
use crate::model::label::{self, Labels};
use crate::plan::action::FilledVolume;
use crate::transfer::files::{put_files, put_tree};

/// Fills a volume.
pub(super) async fn fill_volume(context: &StepContext, fill: &FilledVolume) -> Result<(), EngineError> {
    let engine = context.engine();
    let image = context.link.image(&fill.image.reference).await?;
    let source = MountSource::volume(Some(fill.volume.clone()));
    let spec = ContainerSpec {
        image: fill.image.reference.clone(),
        network_mode: Some(NetworkMode::None),
        mounts: vec![Mount { target: fill.target.clone(), source, read_only: false, consistency: None }],
        ..ContainerSpec::default()
    };
    let helper = Create::Container {
        name: fill.helper.clone(),
        spec: Box::new(spec),
        image: image.name,
        labels: fill.labels.clone(),
    };
    if let Err(error) = engine.create(&helper).await {
        // A killed run left its helper, or this one's answer was lost: either holds nothing.
        remove_helper(context, fill).await?;
        if error.kind != FailureKind::Conflict {
            return Err(error);
        }
        engine.create(&helper).await?;
    }
    let put = put_all(context, fill).await;
    let remove = Remove::Container { container: fill.helper.clone(), volumes: false };
    let removed = engine.remove(&remove).await;
    put.and(removed)
}

async fn put_all(context: &StepContext, fill: &FilledVolume) -> Result<(), EngineError> {
    let engine = context.engine();
    put_files(engine, &fill.helper, &fill.files).await?;
    for (from, to) in &fill.trees {
        put_tree(engine, &fill.helper, &*context.files, from, to).await?;
    }
    Ok(())
}

/// Removes a container of the helper's name, if it is a helper of this lab: the name is nobody's property.
async fn remove_helper(context: &StepContext, fill: &FilledVolume) -> Result<(), EngineError> {
    let seen = context.engine().observe().await?;
    let is_same = |labels: &Labels, key: &str| labels.get(key) == fill.labels.get(key);
    let leftover = seen.containers.into_iter().find(|container| {
        container.name == fill.helper
            && container.labels.contains_key(label::ROLE)
            && [label::ROLE, label::PROJECT, label::ROOT].iter().all(|key| is_same(&container.labels, key))
    });
    let Some(leftover) = leftover else { return Ok(()) };
    context.engine().remove(&Remove::Container { container: leftover.id, volumes: false }).await
}
