//! `config --resolve-image-digests`: the images of a lab by what their registries have now.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use crate::model::image::ImageRef;

use super::context::Ctx;
use super::error::OpError;
use super::resolve::Document;

/// Registries asked at once.
const AT_ONCE: usize = 8;

/// Gives every image of every layer its digest, in the full form, as Compose writes it (compose-go
/// `WithImagesResolved`). The root engine asks the registries, with the user's credentials. What has a digest keeps it.
///
/// # Errors
/// When a registry does not have an image, or cannot be asked.
pub async fn pin_images(ctx: &Ctx, document: &mut Document) -> Result<(), OpError> {
    let mut named: BTreeMap<String, ImageRef> = BTreeMap::new();
    each_image(document, &mut |text| {
        if let Some(image) = ImageRef::parse(text).filter(|image| image.digest.is_none()) {
            named.insert(text.clone(), image);
        }
    });
    let asked = named.into_iter().map(|(text, image)| async move {
        let digest = ctx.root.registry_digest(&text).await?;
        Ok::<_, OpError>((text, ImageRef { digest: Some(digest), ..image }.to_string()))
    });
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let pinned: BTreeMap<String, String> = answers.into_iter().collect::<Result<_, _>>()?;
    each_image(document, &mut |text| {
        if let Some(pinned) = pinned.get(text) {
            text.clone_from(pinned);
        }
    });
    Ok(())
}

/// The images of the services of every layer alone: a file to be merged over the lab's.
pub fn only_images(document: &mut Document) {
    keep(document, &["services"]);
    let services = document.get_mut("services").and_then(Document::as_object_mut);
    for (_, service) in services.into_iter().flatten() {
        keep(service, &["image", "inner"]);
        if let Some(inner) = service.get_mut("inner") {
            only_images(inner);
        }
    }
}

fn keep(map: &mut Document, keys: &[&str]) {
    if let Some(map) = map.as_object_mut() {
        let gone: Vec<String> = map.keys().filter(|key| !keys.contains(&key.as_str())).cloned().collect();
        for key in gone {
            map.remove(&key);
        }
    }
}

/// Shows every image of a layer, and of those inside it.
fn each_image(layer: &mut Document, visit: &mut dyn FnMut(&mut String)) {
    for image in layer.get_mut("images").and_then(Document::as_array_mut).into_iter().flatten() {
        if let Document::String(text) = image {
            visit(text);
        }
    }
    let Some(services) = layer.get_mut("services").and_then(Document::as_object_mut) else { return };
    let names: BTreeSet<String> = services.keys().cloned().collect();
    for (_, service) in services {
        show(service, "image", visit);
        for hook in service.get_mut("pre_start").and_then(Document::as_array_mut).into_iter().flatten() {
            show(hook, "image", visit);
        }
        for volume in service.get_mut("volumes").and_then(Document::as_array_mut).into_iter().flatten() {
            let is_image = volume.get("type").and_then(Document::as_str) == Some("image");
            let source = volume.get("source").and_then(Document::as_str);
            // The name of a service stands for its image.
            if is_image && source.is_some_and(|source| !names.contains(source)) {
                show(volume, "source", visit);
            }
        }
        if let Some(inner) = service.get_mut("inner") {
            each_image(inner, visit);
        }
    }
}

/// Shows the text that a key of a mapping holds.
fn show(map: &mut Document, key: &str, visit: &mut dyn FnMut(&mut String)) {
    if let Some(Document::String(text)) = map.get_mut(key) {
        visit(text);
    }
}
