//! What a lab file says of a service beyond its container: what happens before and after it runs, whose things it
//! uses, and who else looks after it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::label::Labels;
use super::name::ServiceName;
use super::span::{Span, Spanned};

/// Keys of a service that make steps or dependencies, or that other programs act on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Behaviour {
    /// `links`: services of the layer that are known by more names.
    pub links: Vec<Link>,
    /// `external_links`: containers of the engine, `NAME:ALIAS`.
    pub external_links: Vec<Spanned<(String, String)>>,
    /// `volumes_from`.
    pub volumes_from: Vec<VolumesFrom>,
    /// Runs to its end in containers of their own, before the first start.
    pub pre_start: Vec<Hook>,
    /// Runs in the container after each start.
    pub post_start: Vec<Hook>,
    /// Runs in the container before it is stopped.
    pub pre_stop: Vec<Hook>,
    /// `use_api_socket`: the socket of the layer's own engine, and the user's credentials.
    pub use_api_socket: bool,
    /// `attach: false`: its output is not shown in the foreground.
    pub attach: Option<bool>,
    /// `develop`, for `watch`.
    pub develop: Option<Develop>,
    /// `provider`: a program of the user's machine stands in for a container.
    pub provider: Option<Provider>,
    /// `models` that it uses, by key, with the variables for address and name where the file names them.
    pub models: BTreeMap<String, (Option<String>, Option<String>)>,
    /// `label_file`, absolute; their labels are among the container's.
    pub label_files: Vec<PathBuf>,
    /// `configs` and `secrets` as they are written; files and mounts of the service follow from them.
    pub file_uses: Vec<FileUse>,
}

/// A service that is known by one more name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whom.
    pub service: ServiceName,
    /// By what name; its own if the file gives none.
    pub alias: String,
    /// Where it is written.
    pub span: Span,
}

/// The volumes of another container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumesFrom {
    /// Whose.
    pub source: Sharer,
    /// Whether they cannot be written, where the file says it.
    pub read_only: Option<bool>,
    /// Where it is written.
    pub span: Span,
}

/// A container that shares something of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharer {
    /// `service:NAME`: the first container of a service of this layer.
    Service(ServiceName),
    /// `container:NAME`: a container of the engine.
    Container(String),
}

/// A program that runs at a point of a service's life.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hook {
    /// Program and arguments; empty: those of the image (`pre_start`).
    pub command: Vec<String>,
    /// Image (`pre_start`); `None`: the service's.
    pub image: Option<String>,
    /// User; `None`: the container's.
    pub user: Option<String>,
    /// Extended privileges.
    pub privileged: bool,
    /// Working directory; `None`: the container's.
    pub working_dir: Option<String>,
    /// More environment.
    pub environment: BTreeMap<String, Option<String>>,
    /// Once for each replica (`pre_start`), not once for the service.
    pub per_replica: bool,
    /// Where it is written.
    pub span: Span,
}

/// `develop`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Develop {
    /// What is watched.
    pub watch: Vec<Watch>,
}

/// Paths to watch, and what to do when something changes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Path of the user's machine.
    pub path: PathBuf,
    /// What to do.
    pub action: WatchAction,
    /// Path in the container (`sync…`).
    pub target: Option<String>,
    /// Patterns of what is left out.
    pub ignore: Vec<String>,
    /// Patterns of what alone is watched.
    pub include: Vec<String>,
    /// What runs after `sync+exec`.
    pub exec: Option<Hook>,
    /// Whether all is brought in step before the watch begins.
    pub initial_sync: bool,
}

/// What follows a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchAction {
    /// `rebuild`.
    Rebuild,
    /// `sync`.
    Sync,
    /// `restart`.
    Restart,
    /// `sync+restart`.
    SyncRestart,
    /// `sync+exec`.
    SyncExec,
}

impl WatchAction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rebuild, Self::Sync, Self::Restart, Self::SyncRestart, Self::SyncExec];

    /// The file's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Sync => "sync",
            Self::Restart => "restart",
            Self::SyncRestart => "sync+restart",
            Self::SyncExec => "sync+exec",
        }
    }
}

/// `provider`: who makes the service, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// A plugin of the Docker CLI or a program in `PATH`.
    pub kind: Spanned<String>,
    /// Options by name; each value becomes `--NAME=VALUE`.
    pub options: BTreeMap<String, Vec<String>>,
}

/// Configs or secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRole {
    /// A config.
    Config,
    /// A secret.
    Secret,
}

/// A config or secret of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FileDef {
    /// `name`.
    pub name: Option<String>,
    /// Where the bytes come from.
    pub source: FileSource,
    /// `labels`; nothing bears them.
    pub labels: Labels,
    /// Where it is written.
    pub span: Span,
}

/// Where the bytes of a config or secret come from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum FileSource {
    /// Nowhere: it was refused, and the problem says why.
    #[default]
    Refused,
    /// `file`, absolute.
    File(PathBuf),
    /// `content`.
    Content(String),
    /// `environment`: the variable's name.
    Environment(String),
    /// `external`: some swarm has it; no container of a lab can.
    External,
}

/// A config or secret of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// Which of the two.
    pub role: FileRole,
    /// Its key in the layer.
    pub source: String,
    /// `target` as it is written.
    pub target: Option<String>,
    /// Absolute path inside that follows from it.
    pub path: String,
    /// `uid` as it is written.
    pub uid: Option<String>,
    /// `gid` as it is written.
    pub gid: Option<String>,
    /// `mode`.
    pub mode: Option<u32>,
}

/// `models` of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDef {
    /// `name`.
    pub name: Option<String>,
    /// The model, an OCI reference.
    pub model: String,
    /// `context_size`.
    pub context_size: Option<i64>,
    /// `runtime_flags`.
    pub runtime_flags: Vec<String>,
    /// Where it is written.
    pub span: Span,
}
