//! What a lab file says of one service.

use std::sync::Arc;
use std::time::Duration;

use super::addr::Pattern;
use super::behaviour::Behaviour;
use super::build::BuildSpec;
use super::container::{ContainerSpec, PortBinding};
use super::files::PutFile;
use super::key_places::KeyPlaces;
use super::name::ServiceName;
use super::span::{Span, Spanned};
use super::topology::Layer;

/// A service. Replicas share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key in `services`.
    pub name: ServiceName,
    /// Where its key stands.
    pub span: Span,
    /// Where its keys stand, by name (`image`, `privileged`, `engine.host`), for problems found later.
    pub spans: KeyPlaces,
    /// What the file says of the container. `image` is empty where the file gives none; networks and volumes
    /// are keys of the layer.
    pub spec: ContainerSpec,
    /// A fixed name in place of `<project>-<service>-<number>`.
    pub container_name: Option<Spanned<String>>,
    /// Number of replicas.
    pub scale: u32,
    /// What it needs before it starts.
    pub depends_on: Vec<Dependency>,
    /// How its image is built.
    pub build: Option<Box<BuildSpec>>,
    /// When its image is pulled.
    pub pull_policy: PullPolicy,
    /// Configs and secrets whose content the file or the environment gives.
    pub files: Vec<PutFile>,
    /// Ports carried to the root engine's host.
    pub publish: Vec<Spanned<PortBinding>>,
    /// What happens around its runs, and what it uses of others.
    pub behaviour: Behaviour,
    /// The engine that it hosts.
    pub node: Option<Box<NodeDef>>,
}

impl Service {
    /// Where a key stands, or the service if the file does not have it.
    pub fn span_of(&self, key: &str) -> Span {
        self.spans.get(key).unwrap_or(self.span)
    }
}

/// A service's engine and what runs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeDef {
    /// Name of the kind, one of `kind::KINDS`.
    pub kind: Spanned<String>,
    /// Options of the engine.
    pub options: EngineOptions,
    /// The layer inside; empty when the file gives none.
    pub inner: Layer,
}

/// `engine:` as a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EngineOptions {
    /// More arguments for the daemon.
    pub args: Vec<String>,
    /// A JSON object merged into the daemon's configuration file.
    pub config: Option<Spanned<String>>,
    /// Where the data root lives.
    pub data: DataRoot,
    /// CIDR from which the inner engine takes its networks.
    pub address_pool: Option<Spanned<String>>,
    /// Largest packet of inner networks, in bytes.
    pub mtu: Option<u32>,
    /// Mirrors of Docker Hub.
    pub registry_mirrors: Vec<String>,
    /// Registries without TLS.
    pub insecure_registries: Vec<String>,
    /// Limit from the start of the node to its engine's answer.
    pub ready_timeout: Option<Duration>,
    /// Socket on the parent's machine (`socket`).
    pub path: Option<String>,
    /// Address of the engine as seen from the node (`tcp`): `tcp://host:port`.
    pub host: Option<Spanned<String>>,
    /// Directory in the node with `ca.pem`, `cert.pem` and `key.pem` (`tcp`).
    pub tls: Option<String>,
    /// Access by ssh (kinds with sshd).
    pub ssh: Option<SshOptions>,
    /// Certificates (PEM) that the node and its engine trust.
    pub ca: Vec<Arc<[u8]>>,
}

/// Where an inner engine keeps its data.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum DataRoot {
    /// A named volume of the node, kept by `down`.
    #[default]
    Volume,
    /// A volume with this name, kept by `down`.
    Named(String),
    /// Memory, gone with the container.
    Tmpfs,
}

/// `ssh:` of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshOptions {
    /// The user who may log in.
    pub user: String,
    /// Public keys, one a line of `authorized_keys`.
    pub authorized_keys: Vec<String>,
}

/// Something that must have happened before a service starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// On whom.
    pub target: Target,
    /// What.
    pub condition: Condition,
    /// Whether its failure holds the service back.
    pub required: bool,
    /// Whether the service is restarted when nestctl restarts the target.
    pub restart: bool,
    /// Where it is written.
    pub span: Span,
}

/// Whom a dependency names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A path from the service's own layer: `db`, `vm1/web`.
    Relative(Pattern),
    /// A path from the root: `/vm1/web`.
    Absolute(Pattern),
}

/// What a dependency waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// `service_started`.
    Started,
    /// `service_healthy`.
    Healthy,
    /// `service_completed_successfully`.
    Completed,
    /// `service_ready`: the engine answers and its whole inner layer is up.
    Ready,
}

/// `pull_policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PullPolicy {
    /// When it is missing (also `if_not_present`).
    #[default]
    Missing,
    /// At each `up`.
    Always,
    /// Never: it must be there.
    Never,
    /// Never: it is built.
    Build,
    /// At an `up` when the last pull is longer ago than this.
    Refresh(Duration),
}
