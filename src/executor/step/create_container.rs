//! Making a container: which image it is made of here, and whose ID its label keeps.

use std::sync::Arc;

use crate::engine::engine::Create;
use crate::engine::error::EngineError;
use crate::executor::step_context::StepContext;
use crate::model::failure::FailureKind;
use crate::model::label;
use crate::plan::action::{ImageUse, NewContainer};

use super::make::make;
use crate::executor::local_image::LocalImage;

/// Makes a container; it is not started.
pub(super) async fn create_container(
    context: &StepContext,
    container: &NewContainer,
) -> Result<(), EngineError> {
    let image = context.link.image(&container.image.reference).await?;
    let mut labels = container.labels.clone();
    labels.insert(label::IMAGE.to_owned(), origin(context, &container.image, &image).await);
    let spec = (*container.spec).clone();
    let object =
        Create::Container { name: container.name.clone(), spec: Box::new(spec), image: image.name, labels };
    let made = make(context.engine(), &object).await;
    if made.as_ref().is_err_and(|error| error.kind == FailureKind::NotFound) {
        // Somebody else may have taken the image away.
        context.link.forget_images();
    }
    made
}

/// `<layer>=<ID>` of the engine from which the image was copied; of its own one, if it is not there any more. No ID where
/// the tag has gone on to another image since it was copied: the container is outdated, and the next plan is to see it.
async fn origin(context: &StepContext, image: &ImageUse, local: &LocalImage) -> String {
    if let Some(source) = &context.source
        // Its own engine has been asked already.
        && !Arc::ptr_eq(source, &context.link)
        && let Ok(found) = source.image(&image.reference).await
    {
        let id = if found.differs_from(local) { "" } else { &found.id };
        return format!("{}={id}", image.source);
    }
    format!("{}={}", context.home, local.id)
}
