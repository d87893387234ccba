//! The shape of a kind.

use std::time::Duration;

use crate::model::container::ContainerSpec;
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::files::PutFile;
use crate::model::key_places::KeyPlaces;
use crate::model::service::EngineOptions;

/// A way of hosting an engine: one row of `KINDS`.
#[derive(Debug)]
pub struct Kind {
    /// The word in `engine:`.
    pub name: &'static str,
    /// One sentence for completion, hover text and `--help`.
    pub doc: &'static str,
    /// The image of a node that gives none; `None`: the file must.
    pub default_image: Option<&'static str>,
    /// Keys of `engine:` (beside `kind` and `ready_timeout`) that this kind understands; others are an error.
    pub options: &'static [&'static str],
    /// Whose engine the inner layer runs on.
    pub hosting: Hosting,
    /// Path of its engine's socket inside the node; `None` where the engine is somebody else's.
    pub socket: Option<&'static str>,
    /// What the kind makes of a node.
    pub profile: fn(&NodeInput) -> Profile,
    /// Why this node cannot work, from the file and, once known, the facts of the engine that is to run it.
    pub check: fn(&NodeInput, Option<&Facts>) -> Vec<Refusal>,
}

/// Whose engine an inner layer runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosting {
    /// Its node's own: it has its own names, ports and images, and dies with the node.
    Own,
    /// The engine that runs the node (`socket`): inner containers are the node's siblings.
    Parents,
    /// One that the lab does not make (`tcp`).
    Elsewhere,
}

/// What a kind is told about a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeInput<'a> {
    /// The node's service name: the host name of kinds that want a speaking one.
    pub name: &'a str,
    /// What the file says of the container.
    pub spec: &'a ContainerSpec,
    /// The keys that the file has (`Service::spans`): tells `privileged: false` from silence.
    pub written: &'a KeyPlaces,
    /// What the file says of the engine.
    pub options: &'a EngineOptions,
    /// Kinds of the nodes around this one, outermost first.
    pub outer: &'a [&'static str],
    /// Path of the parent engine's socket on the parent's machine, where the endpoint tells it (`socket`). Inside
    /// other nodes the path follows from the kind of the node around this one, so `None` does there.
    pub parent_socket: Option<&'a str>,
    /// Address pool that the planner gives the inner engine, CIDR; `engine.address_pool` wins over it.
    pub pool: Option<&'a str>,
    /// MTU for inner networks, where it is not the usual 1500; `engine.mtu` wins over it.
    pub mtu: Option<u32>,
}

/// What a kind makes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The container: what the file says with the kind's additions merged in (the file wins). Its part of the
    /// fingerprint is hashed apart from the file's.
    pub spec: ContainerSpec,
    /// Directories of the node that its data lives in, one volume each.
    pub data: Vec<DataVolume>,
    /// Files put in before the start: the start script, the daemon's configuration, keys, certificates.
    /// The address pool and the MTU may be in them; both are outside the fingerprint.
    pub files: Vec<PutFile>,
    /// The console line that says that the node has booted; no exec before it (ENGINES.md P2).
    pub boot: Option<BootLine>,
    /// How to reach the engine.
    pub dial: Dial,
    /// Limit from the start to the engine's answer.
    pub ready_timeout: Duration,
}

/// A console line of a booting node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootLine {
    /// Texts that must all occur in one line, in this order (colour codes may stand between).
    pub words: &'static [&'static str],
}

/// A data volume of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataVolume {
    /// Path inside the node.
    pub target: String,
    /// Name of the layout: part of the volume's name, so that a kind with another layout gets a new volume.
    pub layout: &'static str,
}

/// Why a kind cannot work as the file asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key of the service that stands in the way (`privileged`, `engine.host`).
    pub key: &'static str,
    /// Why.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Where a node's own paths of the user's machine appear inside nodes: one bind of the lab's directory.
pub const LAB_DIRECTORY: &str = "/nestctl/lab";
/// Where a volume of files is filled, each part of which is then mounted at its own place.
pub const FILES_DIRECTORY: &str = "/nestctl/files";
/// The start script's path inside a node.
pub const START_SCRIPT: &str = "/nestctl/start";
/// Directory of extra certificates (`engine.ca`) inside a node.
pub const CERTIFICATES: &str = "/nestctl/ca";
