//! What `ps` shows: the lab as it is.

use super::addr::{Addr, LayerPath};
use super::failure::Failure;
use super::name::ProjectName;
use super::observed::{ContainerState, Health, ObservedPort};

/// The state of one lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabStatus {
    /// Its project name.
    pub project: ProjectName,
    /// Every container of the lab, in the order of addresses.
    pub services: Vec<ServiceStatus>,
    /// Layers whose engine did not answer.
    pub silent: Vec<(LayerPath, Failure)>,
}

/// One row of `ps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Address.
    pub addr: Addr,
    /// Whether it is a one-off container beside the service (`run`).
    pub one_off: bool,
    /// Kind of a node.
    pub kind: Option<String>,
    /// Name of the container on its engine.
    pub container: String,
    /// ID of the container.
    pub id: String,
    /// Image as it was asked for.
    pub image: String,
    /// State.
    pub state: ContainerState,
    /// Health.
    pub health: Option<Health>,
    /// Exit code of an exited container.
    pub exit_code: Option<i64>,
    /// Published ports on its engine's machine.
    pub ports: Vec<ObservedPort>,
    /// The layer whose engine runs it.
    pub engine: LayerPath,
    /// Version of that engine, where it was asked.
    pub engine_version: Option<String>,
    /// Of a node: whether what is inside it was seen. If it was not, containers may be there that are not told.
    pub inside_seen: Option<bool>,
    /// Seconds since 1970 when it was made.
    pub created: i64,
}

/// One row of `ls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectStatus {
    /// Project name.
    pub project: ProjectName,
    /// Containers of the lab on the root engine.
    pub containers: usize,
    /// How many of them run.
    pub running: usize,
    /// How many are nodes.
    pub nodes: usize,
}
