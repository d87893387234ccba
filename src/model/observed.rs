//! What an engine reports, without loss: lists, never "the one". The planner chooses.

use std::collections::BTreeMap;

use super::container::Protocol;
use super::label::Labels;

/// Everything on one engine, ours or not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Observed {
    /// All containers, also stopped ones.
    pub containers: Vec<ObservedContainer>,
    /// All networks.
    pub networks: Vec<ObservedNetwork>,
    /// All volumes.
    pub volumes: Vec<ObservedVolume>,
    /// All images.
    pub images: Vec<ObservedImage>,
}

/// A container on an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedContainer {
    /// Its ID.
    pub id: String,
    /// Its name, without the slash.
    pub name: String,
    /// The image as it was asked for.
    pub image: String,
    /// ID of the image.
    pub image_id: String,
    /// State.
    pub state: ContainerState,
    /// Health, if it has a health check.
    pub health: Option<Health>,
    /// Exit code of an exited container.
    pub exit_code: Option<i64>,
    /// All labels.
    pub labels: Labels,
    /// Published ports.
    pub ports: Vec<ObservedPort>,
    /// Its networks by name.
    pub networks: BTreeMap<String, ObservedEndpoint>,
    /// Mounts.
    pub mounts: Vec<ObservedMount>,
    /// Seconds since 1970 when it was made.
    pub created: i64,
}

/// State of a container in the Engine API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Paused.
    Paused,
    /// Between two runs of its restart policy.
    Restarting,
    /// Being removed.
    Removing,
    /// Ended.
    Exited,
    /// Half removed.
    Dead,
}

impl ContainerState {
    /// The Engine API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }

    /// Reads the Engine API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Created,
            Self::Running,
            Self::Paused,
            Self::Restarting,
            Self::Removing,
            Self::Exited,
            Self::Dead,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// Health of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// No verdict yet.
    Starting,
    /// The check passes.
    Healthy,
    /// The check failed too often.
    Unhealthy,
}

impl Health {
    /// The Engine API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A published port as it is bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedPort {
    /// Address of the engine's machine.
    pub host_ip: String,
    /// Port of the engine's machine; `None`: exposed only.
    pub host: Option<u16>,
    /// Port inside.
    pub container: u16,
    /// Transport.
    pub protocol: Protocol,
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedMount {
    /// Name of the volume; `None`: not a volume.
    pub volume: Option<String>,
    /// Path on the engine's machine.
    pub source: String,
    /// Path inside.
    pub target: String,
}

/// A container's place in a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObservedEndpoint {
    /// ID of the network; empty for a container that was never started. A stopped container keeps it, also when that
    /// network is gone and another has its name: it does not start then.
    pub network: String,
    /// Its address; empty when stopped.
    pub address: String,
}

/// A network on an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedNetwork {
    /// Its ID.
    pub id: String,
    /// Its name; not unique on an engine.
    pub name: String,
    /// Driver.
    pub driver: String,
    /// Labels.
    pub labels: Labels,
    /// Options of the driver.
    pub options: BTreeMap<String, String>,
    /// Subnets, CIDR.
    pub subnets: Vec<String>,
}

/// A volume on an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedVolume {
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: Labels,
}

/// An image on an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedImage {
    /// Its ID on this engine.
    pub id: String,
    /// `name:tag` references.
    pub tags: Vec<String>,
    /// `name@sha256:…` references.
    pub digests: Vec<String>,
    /// Size in bytes.
    pub size: i64,
    /// Labels.
    pub labels: Labels,
}

/// What one container says of itself when asked alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerDetail {
    /// Its ID.
    pub id: String,
    /// State.
    pub state: ContainerState,
    /// Health.
    pub health: Option<Health>,
    /// Output of the last run of the health check.
    pub health_output: Option<String>,
    /// Exit code of the last run.
    pub exit_code: i64,
    /// What the engine says of a failed start.
    pub error: String,
    /// Whether the kernel's memory killer ended it.
    pub oom_killed: bool,
    /// How often its restart policy has started it.
    pub restarts: i64,
    /// RFC 3339 time of the last start.
    pub started_at: String,
    /// RFC 3339 time of the last end.
    pub finished_at: String,
    /// Terminal: its log is raw.
    pub tty: bool,
    /// Process ID on the engine's machine, 0 when not running.
    pub pid: i64,
}

/// What one image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDetail {
    /// Its ID on this engine.
    pub id: String,
    /// `sha256:…` of each layer's uncompressed content, base first (OCI image config, `rootfs.diff_ids`).
    pub layers: Vec<String>,
    /// Entrypoint.
    pub entrypoint: Vec<String>,
    /// Command.
    pub command: Vec<String>,
    /// User.
    pub user: String,
    /// Size in bytes.
    pub size: i64,
    /// `os/arch`.
    pub platform: String,
    /// RFC 3339 time of the last pull, load or tag on this engine; empty or the zero time where it does not know.
    pub last_tagged: String,
}
