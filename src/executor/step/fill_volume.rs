//! Filling a volume: through a container that mounts it, is never started and goes again.

use std::collections::BTreeMap;

use crate::engine::engine::{Create, Remove};
use crate::engine::error::EngineError;
use crate::executor::step_context::StepContext;
use crate::model::container::{ContainerSpec, Mount, MountSource, NetworkMode};
use crate::model::failure::FailureKind;
use crate::model::files::PutFile;
use crate::plan::action::ImageUse;
use crate::transfer::files::put_files;

use super::create_container::local_image;

/// What to fill, with what.
pub(super) struct FillVolume<'a> {
    pub(super) volume: &'a str,
    pub(super) target: &'a str,
    pub(super) image: &'a ImageUse,
    pub(super) helper: &'a str,
    pub(super) labels: &'a BTreeMap<String, String>,
    pub(super) files: &'a [PutFile],
}

/// Fills a volume.
pub(super) async fn fill_volume(context: &StepContext, fill: &FillVolume<'_>) -> Result<(), EngineError> {
    let engine = context.engine();
    let image = local_image(engine, &fill.image.reference).await?;
    let source = MountSource::Volume { name: Some(fill.volume.to_owned()), nocopy: false, subpath: None };
    let spec = ContainerSpec {
        image: fill.image.reference.clone(),
        network_mode: Some(NetworkMode::None),
        mounts: vec![Mount { target: fill.target.to_owned(), source, read_only: false }],
        ..ContainerSpec::default()
    };
    let helper = Create::Container {
        name: fill.helper.to_owned(),
        spec: Box::new(spec),
        image: image.name,
        labels: fill.labels.clone(),
    };
    let remove = Remove::Container { container: fill.helper.to_owned(), volumes: false };
    match engine.create(&helper).await {
        Ok(_) => {}
        // A killed run left its helper: it holds nothing, so a new one takes its place.
        Err(error) if error.kind == FailureKind::Conflict => {
            engine.remove(&remove).await?;
            engine.create(&helper).await?;
        }
        Err(error) => return Err(error),
    }
    let put = put_files(engine, fill.helper, fill.files).await;
    let removed = engine.remove(&remove).await;
    put.and(removed)
}
