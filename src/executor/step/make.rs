//! Making an object that may be there by now: the engine goes on with a call whose caller was killed, so what a
//! broken-off run asked for can appear after this one has looked.

use std::time::Duration;

use crate::engine::engine::{Create, Engine};
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;
use crate::model::observed::{ContainerState, ObservedContainer};

/// Engines take a container's name before they list the container.
const AGAIN: Duration = Duration::from_millis(200);
const ATTEMPTS: u32 = 25;

/// Makes an object. One of its name that carries all of its labels (the lab, the root engine, the fingerprint) is
/// the very one.
pub(super) async fn make(engine: &dyn Engine, object: &Create) -> Result<(), EngineError> {
    let mut left = ATTEMPTS;
    loop {
        let error = match engine.create(object).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind == FailureKind::Conflict => error,
            Err(error) => return Err(error),
        };
        match is_there(engine, object).await {
            Ok(Some(true)) => return Ok(()),
            Ok(None) if left > 1 => left -= 1,
            _ => return Err(error),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whether a container keeps its name: one that is being removed will let go of it.
fn stays(container: &ObservedContainer) -> bool {
    !matches!(container.state, ContainerState::Removing | ContainerState::Dead)
}

/// Whether what holds the name is this object; `None` when nothing is seen that holds it.
async fn is_there(engine: &dyn Engine, object: &Create) -> Result<Option<bool>, EngineError> {
    let seen = engine.observe().await?;
    let (holder, wanted): (Option<Labels>, _) = match object {
        Create::Container { name, labels, .. } => {
            let held = seen.containers.into_iter().find(|one| one.name == *name);
            (held.filter(stays).map(|one| one.labels), labels)
        }
        Create::Network { name, labels, .. } => {
            // A network's conflict may be one of address pools: then the name is free, and waiting is in vain.
            let held = seen.networks.into_iter().find(|one| one.name == *name);
            (Some(held.map(|one| one.labels).unwrap_or_default()), labels)
        }
        Create::Volume { name, labels, .. } => {
            let held = seen.volumes.into_iter().find(|one| one.name == *name);
            (Some(held.map(|one| one.labels).unwrap_or_default()), labels)
        }
    };
    Ok(holder.map(|holder| wanted.iter().all(|(key, value)| holder.get(key) == Some(value))))
}
