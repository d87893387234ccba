//! Which image a reference means on an engine.

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::observed::ImageDetail;
use crate::transfer::image::usable_reference;

/// An image as an engine knows it.
#[derive(Clone, Debug)]
pub(super) struct LocalImage {
    /// A name that the engine knows it by.
    pub(super) name: String,
    /// Its ID on this engine.
    pub(super) id: String,
    layers: Vec<String>,
    platform: String,
}

impl LocalImage {
    fn new(name: &str, image: ImageDetail) -> Self {
        Self { name: name.to_owned(), id: image.id, layers: image.layers, platform: image.platform }
    }

    /// Whether it is another one than that of another engine, by what is in it: engines may give an image IDs of their
    /// own. Of what is there for several platforms each engine shows its own.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        self.id != other.id && self.platform == other.platform && self.layers != other.layers
    }
}

/// The image on an engine. A reference that was copied there may have lost its name on the way (digests), or
/// have got a longer one (podman's `docker.io/`).
pub(super) async fn local_image(engine: &dyn Engine, reference: &str) -> Result<LocalImage, EngineError> {
    let first = match engine.inspect_image(reference).await {
        Ok(image) => return Ok(LocalImage::new(reference, image)),
        Err(error) if error.kind == FailureKind::NotFound => error,
        Err(error) => return Err(error),
    };
    let Some(name) = usable_reference(engine, reference).await? else { return Err(first) };
    let image = engine.inspect_image(&name).await?;
    Ok(LocalImage::new(&name, image))
}
