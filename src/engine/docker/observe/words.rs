//! Words and forms that several answers share.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::model::container::Protocol;
use crate::model::observed::{ContainerState, Health};

/// Go writes an empty list or map as `null`.
pub(in crate::engine::docker) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

pub(super) type Map = BTreeMap<String, String>;

/// A state in the engine's words or podman's (libpod `define/containerstate.go`).
pub(super) fn state_of(word: &str) -> ContainerState {
    ContainerState::parse(word).unwrap_or(match word {
        "configured" | "initialized" => ContainerState::Created,
        "stopping" => ContainerState::Running,
        "stopped" => ContainerState::Exited,
        _ => ContainerState::Dead,
    })
}

pub(super) fn health_of(word: &str) -> Option<Health> {
    [Health::Starting, Health::Healthy, Health::Unhealthy].into_iter().find(|health| health.as_str() == word)
}

/// The health in `Up 3 seconds (healthy)` or `Up 1 second (health: starting)`.
pub(super) fn health_in(status: &str) -> Option<Health> {
    let word = status.rsplit_once('(')?.1.strip_suffix(')')?;
    health_of(word.strip_prefix("health: ").unwrap_or(word))
}

/// The code in `Exited (137) 2 hours ago`.
pub(super) fn exit_code_in(status: &str) -> Option<i64> {
    status.strip_prefix("Exited (")?.split_once(')')?.0.parse().ok()
}

/// An image's ID with its algorithm, which podman leaves out in some answers.
pub(super) fn image_id(id: String) -> String {
    if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("sha256:{id}")
    } else {
        id
    }
}

/// A reference as Docker writes it: podman names the registry of Docker Hub, too.
pub(super) fn familiar(reference: &str) -> String {
    let rest = reference.strip_prefix("docker.io/").unwrap_or(reference);
    if rest.len() == reference.len() {
        return rest.to_owned();
    }
    rest.strip_prefix("library/").unwrap_or(rest).to_owned()
}

pub(super) fn protocol_of(word: &str) -> Protocol {
    match word {
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}
