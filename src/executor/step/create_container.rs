//! Making a container: which image it is made of here, and whose ID its label keeps.

use std::sync::Arc;

use crate::engine::engine::{Create, Engine};
use crate::engine::error::EngineError;
use crate::executor::step_context::StepContext;
use crate::model::failure::FailureKind;
use crate::model::label;
use crate::plan::action::{ImageUse, NewContainer};
use crate::transfer::image::usable_reference;

use super::make::make;

/// An image as an engine knows it.
pub(super) struct LocalImage {
    /// A name that the engine knows it by.
    pub(super) name: String,
    /// Its ID on this engine.
    pub(super) id: String,
}

/// Makes a container; it is not started.
pub(super) async fn create_container(
    context: &StepContext,
    container: &NewContainer,
) -> Result<(), EngineError> {
    let image = local_image(context.engine(), &container.image.reference).await?;
    let mut labels = container.labels.clone();
    labels.insert(label::IMAGE.to_owned(), origin(context, &container.image, &image).await);
    let spec = (*container.spec).clone();
    let object =
        Create::Container { name: container.name.clone(), spec: Box::new(spec), image: image.name, labels };
    make(context.engine(), &object).await
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

/// `<layer>=<ID>` of the engine from which the image was copied; of its own one, if it is not there any more.
async fn origin(context: &StepContext, image: &ImageUse, local: &LocalImage) -> String {
    if let Some(source) = &context.source
        // Its own engine has been asked already.
        && !Arc::ptr_eq(source, &context.link)
        && let Ok(found) = local_image(&*source.engine, &image.reference).await
    {
        return format!("{}={}", image.source, found.id);
    }
    format!("{}={}", context.home, local.id)
}
