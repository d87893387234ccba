//! What a step does: one call of one engine, one stream between two, or the whole life of a helper container.

use std::sync::Arc;
use std::time::Duration;

use crate::model::addr::LayerPath;
use crate::model::build::BuildSpec;
use crate::model::container::{ContainerSpec, Endpoint};
use crate::model::dial::Dial;
use crate::model::files::PutFile;
use crate::model::label::Labels;
use crate::model::milestone::Stage;
use crate::model::network::{NetworkSpec, VolumeSpec};

/// An action. An object made in this run is called by its name, an observed one by its ID: every `container`,
/// `network` and `volume` below is either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Pulls an image from its registry.
    Pull {
        /// Reference as the file writes it.
        image: String,
        /// `os/arch`, where the file asks for one.
        platform: Option<String>,
    },
    /// Builds an image.
    Build(Box<BuildOrder>),
    /// Copies an image from another layer's engine to this step's.
    Copy {
        /// Reference as the file writes it.
        image: String,
        /// The layer whose engine has it (by then).
        from: LayerPath,
    },
    /// Makes a network.
    CreateNetwork {
        /// Name on the engine.
        name: String,
        /// What is asked for.
        spec: Box<NetworkSpec>,
        /// nestctl's and Compose's labels.
        labels: Labels,
    },
    /// Makes a volume.
    CreateVolume {
        /// Name on the engine.
        name: String,
        /// What is asked for.
        spec: Box<VolumeSpec>,
        /// nestctl's and Compose's labels.
        labels: Labels,
    },
    /// Makes a container; it is not started. Networks beyond the first are connected by steps of their own.
    CreateContainer(Box<NewContainer>),
    /// Puts files into a container, by archive.
    PutFiles {
        /// The container.
        container: String,
        /// The files.
        files: Vec<PutFile>,
    },
    /// Copies a directory or file of the user's machine into a container, where its engine does not see it.
    PutTree {
        /// The container.
        container: String,
        /// Path on the user's machine.
        from: std::path::PathBuf,
        /// Path inside the container.
        to: String,
    },
    /// Fills a volume with files, through a container that is made for it and removed; never started.
    FillVolume(Box<FilledVolume>),
    /// Connects a container to a network.
    Connect {
        /// The container.
        container: String,
        /// The network.
        network: String,
        /// Aliases and addresses.
        endpoint: Box<Endpoint>,
    },
    /// Disconnects a container from a network.
    Disconnect {
        /// The container.
        container: String,
        /// The network.
        network: String,
    },
    /// Starts a container.
    Start {
        /// The container.
        container: String,
    },
    /// Stops a container: its stop signal, then the kill when the grace has passed.
    Stop {
        /// The container.
        container: String,
        /// Grace; `None`: the container's own.
        grace: Option<Duration>,
    },
    /// Kills a container.
    Kill {
        /// The container.
        container: String,
        /// Signal; `None`: `SIGKILL`.
        signal: Option<String>,
    },
    /// Pauses a container.
    Pause {
        /// The container.
        container: String,
    },
    /// Continues a paused container.
    Unpause {
        /// The container.
        container: String,
    },
    /// Thaws what is frozen in a node (cgroup v1), through a helper that is made for it, runs to its end and is removed.
    Thaw {
        /// The helper.
        helper: Box<NewContainer>,
    },
    /// Removes a container with its anonymous volumes.
    Remove {
        /// The container.
        container: String,
        /// Whether its anonymous volumes go too.
        volumes: bool,
    },
    /// Gives a container another name.
    Rename {
        /// The container.
        container: String,
        /// The new name.
        name: String,
    },
    /// Removes a network.
    RemoveNetwork {
        /// The network.
        network: String,
    },
    /// Removes a volume.
    RemoveVolume {
        /// The volume.
        volume: String,
    },
    /// Sends an image to the registry that its name says.
    Push {
        /// The name.
        image: String,
    },
    /// Takes a name from an image, and with the last one the image.
    RemoveImage {
        /// The name.
        image: String,
    },
    /// Runs a program in a container, to its end.
    Hook {
        /// The container.
        container: String,
        /// At which point of its life.
        point: HookPoint,
        /// The program.
        hook: Box<HookRun>,
    },
    /// Waits until a service has come to a stage. `Ready` of a container without a health check: it runs and
    /// has not ended within a moment, or has ended with 0.
    Wait {
        /// The container.
        container: String,
        /// What for.
        stage: Stage,
        /// Limit.
        timeout: Option<Duration>,
    },
    /// Waits until a node's engine answers, and observes it; then its layer is planned.
    Enter(Box<Enter>),
    /// Observes the root engine once more; then all layers that have answered are planned.
    Look,
    /// Nothing: a point where others come together.
    Join,
}

impl Action {
    /// Whether the action changes something on an engine.
    pub fn is_change(&self) -> bool {
        !matches!(self, Self::Wait { .. } | Self::Enter(_) | Self::Look | Self::Join)
    }

    /// The verb, as it is shown.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Pull { .. } => "pull",
            Self::Push { .. } => "push",
            Self::Build(_) => "build",
            Self::Copy { .. } => "copy",
            Self::CreateNetwork { .. } | Self::CreateVolume { .. } | Self::CreateContainer(_) => "create",
            Self::PutFiles { .. } | Self::PutTree { .. } => "put files",
            Self::FillVolume(_) => "fill",
            Self::Connect { .. } => "connect",
            Self::Disconnect { .. } => "disconnect",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::Kill { .. } => "kill",
            Self::Pause { .. } => "pause",
            Self::Unpause { .. } => "unpause",
            Self::Thaw { .. } => "thaw",
            Self::Remove { .. }
            | Self::RemoveNetwork { .. }
            | Self::RemoveVolume { .. }
            | Self::RemoveImage { .. } => "remove",
            Self::Rename { .. } => "rename",
            Self::Hook { point, .. } => point.as_str(),
            Self::Wait { .. } => "wait",
            Self::Enter(_) => "enter",
            Self::Look => "look at",
            Self::Join => "join",
        }
    }
}

/// The point of a container's life at which a hook runs in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookPoint {
    /// After its start.
    PostStart,
    /// Before its stop.
    PreStop,
}

impl HookPoint {
    /// The file's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostStart => "post_start",
            Self::PreStop => "pre_stop",
        }
    }
}

/// A program to run in a container.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HookRun {
    /// Program and arguments.
    pub command: Vec<String>,
    /// User; `None`: the container's.
    pub user: Option<String>,
    /// Extended privileges.
    pub privileged: bool,
    /// Working directory; `None`: the container's.
    pub working_dir: Option<String>,
    /// `KEY=value`, or `KEY` alone.
    pub environment: Vec<String>,
}

/// An image to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOrder {
    /// What is asked for; images of other services are named.
    pub spec: BuildSpec,
    /// The image's names, the one by which it is used first.
    pub names: Vec<String>,
    /// `os/arch`, where the file asks for one.
    pub platform: Option<String>,
}

/// A container to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContainer {
    /// Name on the engine.
    pub name: String,
    /// What is asked for, with the engine's names of networks and volumes and the engine's paths.
    pub spec: Arc<ContainerSpec>,
    /// nestctl's and Compose's labels, but for `io.nestctl.image`, which the executor adds (see [`ImageUse`]).
    pub labels: Labels,
    /// The image.
    pub image: ImageUse,
}

/// A volume to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledVolume {
    /// The volume; made by a step before.
    pub volume: String,
    /// Directory at which it will be mounted: the image's files there are copied into it first.
    pub target: String,
    /// Image that the helper is made of.
    pub image: ImageUse,
    /// Name of the helper container.
    pub helper: String,
    /// Labels of the helper.
    pub labels: Labels,
    /// The files, with paths inside the container.
    pub files: Vec<PutFile>,
    /// Paths of the user's machine to copy in, and where to in the container.
    pub trees: Vec<(std::path::PathBuf, String)>,
}

/// Which image a container is made of, and whose ID is written into the label `io.nestctl.image`: the ID that
/// the reference has on `source`, looked up when the step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// Reference as the file writes it.
    pub reference: String,
    /// The layer from whose engine it was or would be copied; the container's own layer where there is none.
    pub source: LayerPath,
}

/// A node's engine to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enter {
    /// The layer that it opens.
    pub layer: LayerPath,
    /// The node's container.
    pub container: String,
    /// How to dial.
    pub dial: Dial,
    /// Texts of the console line that must be seen before the first exec, in order.
    pub boot: Option<Arc<[String]>>,
    /// Limit.
    pub timeout: Duration,
    /// Paths of which it is asked whether the engine's machine has them.
    pub paths: Vec<String>,
}
