//! When images were pulled last.

use std::time::Duration;

use crate::engine::engine::Engine;

use super::clock;

/// Whether the last pull (or load, or tag) of an image that the engine has is longer ago than `after`, or not known
/// (docker/compose `pull.go`, `mustPull`). An image that is not there is missing, not due.
pub async fn is_due(engine: &dyn Engine, image: &str, after: Duration) -> bool {
    let Ok(detail) = engine.inspect_image(image).await else { return false };
    clock::age(&detail.last_tagged).is_none_or(|age| age > after)
}
