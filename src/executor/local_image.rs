//! Which image a reference means on an engine.

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::transfer::image::usable_reference;

/// An image as an engine knows it.
#[derive(Clone, Debug)]
pub(super) struct LocalImage {
    /// A name that the engine knows it by.
    pub(super) name: String,
    /// Its ID on this engine.
    pub(super) id: String,
}

/// The image on an engine. A reference that was copied there may have lost its name on the way (digests), or
/// have got a longer one (podman's `docker.io/`).
pub(super) async fn local_image(engine: &dyn Engine, reference: &str) -> Result<LocalImage, EngineError> {
    let first = match engine.inspect_image(reference).await {
        Ok(image) => return Ok(LocalImage { name: reference.to_owned(), id: image.id }),
        Err(error) if error.kind == FailureKind::NotFound => error,
        Err(error) => return Err(error),
    };
    let Some(name) = usable_reference(engine, reference).await? else { return Err(first) };
    let id = engine.inspect_image(&name).await?.id;
    Ok(LocalImage { name, id })
}
