//! Copying an image from one engine to another.

use std::collections::BTreeSet;

use crate::engine::engine::{Engine, Progress};
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::image::ImageRef;
use crate::model::observed::ImageDetail;

use super::names::{alternatives, local_tag};
use super::stream::through;
use super::tar_filter::TarFilter;

/// Below this size looking for known layers costs more than sending them, in bytes.
const WORTH_A_LOOK: i64 = 1 << 20;
/// Images of the target that are looked at for known layers.
const MOST_CANDIDATES: usize = 20;

/// An image that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedImage {
    /// Its ID on the target.
    pub id: String,
    /// A name for it that the target knows.
    pub reference: String,
    /// Bytes sent.
    pub bytes: u64,
    /// Layers that were left out because the target has them.
    pub known_layers: usize,
}

/// Copies an image as a stream, without a file and without holding more than a few pieces of it. `progress` is
/// called with bytes read at the source and the image's size there.
///
/// Layers that the target has are left out where the source's archive names them by content (Docker 25 on). If the
/// target then refuses the archive, it is sent once more, whole. A source that breaks breaks the load: the target
/// never keeps half an image.
pub async fn copy(
    source: &dyn Engine,
    target: &dyn Engine,
    reference: &str,
    progress: Progress,
) -> Result<CopiedImage, EngineError> {
    let Some((name, image)) = find_named(source, reference).await? else {
        let why = "the engine that it was to be copied from does not have it";
        return Err(EngineError::new("copy image", reference, FailureKind::NotFound, why));
    };
    let known = known_layers(target, reference, &image).await;
    let mut sent = send(source, target, &name, &image, known, &progress).await;
    if known > 0 && sent.as_ref().is_err_and(|refused| refused.is_the_targets) {
        sent = send(source, target, &name, &image, 0, &progress).await;
    }
    let (loaded, bytes, known_layers) = sent.map_err(|refused| refused.error)?;
    let (reference, id) = settle(target, reference, &loaded).await?;
    Ok(CopiedImage { id, reference, bytes, known_layers })
}

/// An image by the name that a file gives it, under whichever name the engine knows it. `None`: it is not there.
pub async fn find(engine: &dyn Engine, reference: &str) -> Result<Option<ImageDetail>, EngineError> {
    Ok(find_named(engine, reference).await?.map(|(_, image)| image))
}

/// The name under which an engine knows an image, usable for creating containers there. `None`: it is not there.
pub async fn usable_reference(engine: &dyn Engine, reference: &str) -> Result<Option<String>, EngineError> {
    Ok(find_named(engine, reference).await?.map(|(name, _)| name))
}

async fn find_named(
    engine: &dyn Engine,
    reference: &str,
) -> Result<Option<(String, ImageDetail)>, EngineError> {
    for name in alternatives(reference) {
        match engine.inspect_image(&name).await {
            Ok(image) => return Ok(Some((name, image))),
            Err(error) if error.kind == FailureKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// How many layers of the image, from the base up, some image of the target has in the same order. An engine that
/// does not say has none: the copy itself will tell what is wrong.
///
/// A containerd store is sent everything. Where it has a layer compressed, as a registry gave it, it takes an archive
/// without that layer, runs the image, and from then on saves it incomplete and without an error (measured, Docker
/// 26.1.5). Graph drivers of 20.10 and 26.1 and podman 5.4 save what they were so given whole.
async fn known_layers(target: &dyn Engine, reference: &str, image: &ImageDetail) -> usize {
    if image.size < WORTH_A_LOOK || image.layers.is_empty() {
        return 0;
    }
    let Ok(seen) = target.observe().await else { return 0 };
    let repository = ImageRef::parse(reference).map(|image| image.repository);
    let is_kin = |tags: &[String]| {
        tags.iter().any(|tag| ImageRef::parse(tag).map(|image| image.repository) == repository)
    };
    let mut candidates = seen.images;
    // An older build of the same image shares most, then larger images.
    candidates.sort_by_key(|other| (!is_kin(&other.tags), -other.size));
    let mut known = 0;
    for other in candidates.iter().take(MOST_CANDIDATES) {
        if let Ok(other) = target.inspect_image(&other.id).await {
            let same = image.layers.iter().zip(&other.layers).take_while(|(ours, theirs)| ours == theirs);
            known = known.max(same.count());
        }
        if known == image.layers.len() {
            break;
        }
    }
    if known > 0 && target.facts().await.is_ok_and(|facts| !facts.containerd_store) { known } else { 0 }
}

/// A copy that failed.
struct Refused {
    error: EngineError,
    /// The target refused what it got: it is worth sending all of it.
    is_the_targets: bool,
}

/// Sends an image without its first `known` layers: what was loaded, the bytes sent, the layers left out.
async fn send(
    source: &dyn Engine,
    target: &dyn Engine,
    name: &str,
    image: &ImageDetail,
    known: usize,
    progress: &Progress,
) -> Result<(Vec<String>, u64, usize), Refused> {
    let (below, above) = image.layers.split_at(known);
    // A layer that occurs again further up is needed there.
    let left_out: BTreeSet<String> =
        below.iter().filter(|layer| !above.contains(layer)).map(|layer| blob(layer)).collect();
    let n_left_out = left_out.len();
    let filter = TarFilter::new(move |entry| left_out.contains(entry));
    let size = u64::try_from(image.size).ok();
    let progress = std::sync::Arc::clone(progress);
    let told = move |n_read: u64| progress(n_read, size.map(|size| size.max(n_read)));
    let archive = source.save(name).await.map_err(|error| Refused { error, is_the_targets: false })?;
    let (archive, watched) = through(archive, filter, told, name);
    let answer = target.load(archive).await;
    let mut watched = watched.lock().expect("no panic while locked");
    match (answer, watched.broke.take()) {
        // Whatever the target says, half an archive is no image.
        (_, Some(error)) => Err(Refused { error, is_the_targets: false }),
        (Ok(loaded), None) => Ok((loaded, watched.sent, n_left_out)),
        (Err(error), None) => {
            let gone = matches!(error.kind, FailureKind::Unreachable | FailureKind::Timeout);
            Err(Refused { error, is_the_targets: !gone })
        }
    }
}

/// Where an archive of Docker 25 and later keeps a layer.
fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// Finds what was loaded, and gives it the name by which it will be looked for if it came with none or with
/// another: its name on the target, and its ID.
///
/// What the target says that it has loaded comes first: podman calls what an archive of Docker 20.10 holds
/// `localhost/…` (measured, podman 5.4), where an older image may still have the name that is wanted.
async fn settle(
    target: &dyn Engine,
    reference: &str,
    loaded: &[String],
) -> Result<(String, String), EngineError> {
    let wanted = local_tag(reference).unwrap_or_else(|| reference.to_owned());
    let is_wanted = |name: &str| ImageRef::same(name, &wanted);
    let others = alternatives(reference);
    let arrived = loaded
        .iter()
        .find(|name| is_wanted(name))
        .or_else(|| loaded.iter().find(|name| others.iter().any(|other| ImageRef::same(name, other))))
        .or_else(|| loaded.first().filter(|_| loaded.len() == 1));
    for name in arrived.into_iter().chain([&wanted]).chain(&others) {
        match target.inspect_image(name).await {
            Ok(image) => {
                if !is_wanted(name) {
                    target.tag(&image.id, &wanted).await?;
                }
                return Ok((wanted.clone(), image.id));
            }
            Err(error) if error.kind == FailureKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let why = format!("the engine loaded {} but does not know it", loaded.join(", "));
    Err(EngineError::new("copy image", reference, FailureKind::Engine, why))
}

#[cfg(test)]
mod tests;
