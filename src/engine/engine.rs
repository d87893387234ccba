//! The port to a container daemon.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::io::AsyncWrite;

use crate::model::build::Checked;
use crate::model::container::{ContainerSpec, Endpoint};
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::observed::{ContainerDetail, ImageDetail, Observed, ObservedContainer};
use crate::model::usage::{ProcessTable, Usage};

use super::build::{Build, BuildFiles, BuildNotes};
use super::error::EngineError;

/// Result of a call, boxed: inner engines recurse, so generics would spread over the whole program.
pub type Call<'a, T> = BoxFuture<'a, Result<T, EngineError>>;
/// A stream of bytes that can break: a consumer must not take a broken one for a complete one.
pub type ByteStream = BoxStream<'static, Result<Bytes, EngineError>>;

/// A container daemon. `container` arguments take a name or an ID.
pub trait Engine: Send + Sync {
    /// Answers when the daemon serves. May block while it starts; the caller sets the deadline.
    fn ping(&self) -> Call<'_, ()>;
    /// What the engine says of itself.
    fn facts(&self) -> Call<'_, Facts>;
    /// Everything on it: one list call a type, one after the other, without a filter.
    fn observe(&self) -> Call<'_, Observed>;
    /// Its containers alone.
    fn containers(&self) -> Call<'_, Vec<ObservedContainer>> {
        Box::pin(async move { Ok(self.observe().await?.containers) })
    }
    /// One container.
    fn inspect<'a>(&'a self, container: &'a str) -> Call<'a, ContainerDetail>;
    /// One image, by reference or ID.
    fn inspect_image<'a>(&'a self, image: &'a str) -> Call<'a, ImageDetail>;
    /// Makes an object; the answer is its ID (the name for a volume).
    fn create<'a>(&'a self, object: &'a Create) -> Call<'a, String>;
    /// Changes a container. Starting a running one, stopping a stopped one and connecting a connected one is
    /// success.
    fn act<'a>(&'a self, container: &'a str, change: &'a Change) -> Call<'a, ()>;
    /// Removes an object. One that is not there is success.
    fn remove<'a>(&'a self, object: &'a Remove) -> Call<'a, ()>;
    /// Pulls an image; `progress` is called with bytes done and the total so far known.
    fn pull<'a>(&'a self, image: &'a str, platform: Option<&'a str>, progress: Progress) -> Call<'a, ()>;
    /// Sends an image to the registry that its name says; `progress` as for [`Engine::pull`].
    fn push<'a>(&'a self, image: &'a str, progress: Progress) -> Call<'a, ()>;
    /// The digest under which the image's registry has it now. The engine asks, with the user's credentials.
    fn registry_digest<'a>(&'a self, image: &'a str) -> Call<'a, String>;
    /// Builds an image; what it does is told in `notes`. The answer is the image's ID where the engine says it.
    fn build<'a>(
        &'a self,
        build: &'a Build,
        files: Arc<dyn BuildFiles>,
        notes: BuildNotes,
    ) -> Call<'a, String>;
    /// Has the Dockerfile of a build checked, and builds nothing.
    fn check_build<'a>(&'a self, build: &'a Build, files: Arc<dyn BuildFiles>) -> Call<'a, Checked>;
    /// Reads images as `docker save` writes them.
    fn save<'a>(&'a self, image: &'a str) -> Call<'a, ByteStream>;
    /// Loads what [`Engine::save`] gave. An error in `archive` aborts the request. The answer is the references
    /// and IDs that the engine says it has loaded.
    fn load(&self, archive: ByteStream) -> Call<'_, Vec<String>>;
    /// Gives an image (reference or ID) one more name.
    fn tag<'a>(&'a self, image: &'a str, reference: &'a str) -> Call<'a, ()>;
    /// Unpacks a tar archive at `path` in a container, running or not.
    fn put<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()>;
    /// As [`Engine::put`]; the files belong to the user that the container runs as.
    fn put_for_user<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()>;
    /// Packs `path` of a container.
    fn get<'a>(&'a self, container: &'a str, path: &'a str) -> Call<'a, ByteStream>;
    /// Runs a program in a running container.
    fn exec<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ExecSession>;
    /// Runs a program in a running container, and lets it go on by itself: nobody hears what it says.
    fn exec_detached<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ()>;
    /// Connects to the streams of a container's main program, also before it is started. What was written before is
    /// not in the output.
    fn attach<'a>(&'a self, container: &'a str, spec: &'a AttachSpec) -> Call<'a, ExecSession>;
    /// Waits for the end of a container that runs, or, with `next`, for its next end. The wait stands when the call
    /// returns; what it returns gives the exit code.
    fn wait<'a>(
        &'a self,
        container: &'a str,
        next: bool,
    ) -> Call<'a, BoxFuture<'static, Result<i64, EngineError>>>;
    /// The processes of a running container, as `ps` on the engine's machine shows them with these arguments.
    fn top<'a>(&'a self, container: &'a str, arguments: Option<&'a str>) -> Call<'a, ProcessTable>;
    /// What a container uses: once, or again and again until it ends.
    fn usage<'a>(
        &'a self,
        container: &'a str,
        follow: bool,
    ) -> Call<'a, BoxStream<'static, Result<Usage, EngineError>>>;
    /// A container's log.
    fn logs<'a>(&'a self, container: &'a str, options: &'a LogOptions) -> Call<'a, OutputStream>;
    /// What happens on the engine from now on: the subscription stands when the call returns.
    fn events(&self) -> Call<'_, BoxStream<'static, Result<EngineEvent, EngineError>>>;
    /// What has happened and happens on the engine within a span of time.
    fn history<'a>(
        &'a self,
        span: &'a Span,
    ) -> Call<'a, BoxStream<'static, Result<EngineEvent, EngineError>>>;
    /// Whether a path exists on the engine's machine.
    fn sees<'a>(&'a self, path: &'a str) -> Call<'a, bool>;
    /// The engine inside one of this engine's containers. Makes no call; the first use dials.
    fn inside(self: Arc<Self>, container: &str, dial: &Dial) -> Arc<dyn Engine>;
}

/// An object to make.
#[derive(Clone, Debug)]
pub enum Create {
    /// A container. `spec.networks` may name several: where the engine's API takes only one at create, the
    /// first by (priority descending, name) is used and the caller connects the rest.
    Container {
        /// Name.
        name: String,
        /// What is asked for.
        spec: Box<ContainerSpec>,
        /// Image to use in place of `spec.image`: an ID or a reference of this engine.
        image: String,
        /// Labels beside the user's.
        labels: Labels,
    },
    /// A network.
    Network {
        /// Name.
        name: String,
        /// What is asked for.
        spec: NetworkSpec,
        /// Labels beside the user's.
        labels: Labels,
    },
    /// A volume.
    Volume {
        /// Name.
        name: String,
        /// What is asked for.
        spec: VolumeSpec,
        /// Labels beside the user's.
        labels: Labels,
    },
}

/// A change of a container.
#[expect(clippy::large_enum_variant, reason = "one a call, made and dropped; a box would only hide it")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Start it.
    Start,
    /// Stop it; `None`: with its own grace.
    Stop(Option<Duration>),
    /// Send a signal; `None`: `SIGKILL`.
    Kill(Option<String>),
    /// Freeze it.
    Pause,
    /// Continue it.
    Unpause,
    /// Rename it.
    Rename(String),
    /// Connect it to a network.
    Connect {
        /// Name or ID.
        network: String,
        /// Aliases and addresses.
        endpoint: Endpoint,
    },
    /// Disconnect it from a network.
    Disconnect {
        /// Name or ID.
        network: String,
    },
}

/// An object to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remove {
    /// A container, also a running one.
    Container {
        /// Name or ID.
        container: String,
        /// Whether its anonymous volumes go too.
        volumes: bool,
    },
    /// A network.
    Network(String),
    /// A volume.
    Volume(String),
    /// An image.
    Image(String),
}

/// Called with bytes done and, if known, the total.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A program to run in a container.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ExecSpec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// `KEY=value` pairs.
    pub env: Vec<String>,
    /// User; `None`: the container's.
    pub user: Option<String>,
    /// Working directory; `None`: the container's.
    pub working_dir: Option<String>,
    /// Extended privileges.
    pub privileged: bool,
    /// A terminal, of this many rows and columns.
    pub tty: Option<(u16, u16)>,
    /// Whether standard input is connected.
    pub stdin: bool,
}

/// Which stream bytes came from. With a terminal all is `Stdout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputKind {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Output of a program or a log.
pub type OutputStream = BoxStream<'static, Result<(OutputKind, Bytes), EngineError>>;

/// A running exec.
pub struct ExecSession {
    /// Its output, until it ends.
    pub output: OutputStream,
    /// Its standard input; shutting it down is end of file there, while output goes on.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// Resize and exit code.
    pub control: Arc<dyn ExecControl>,
}

/// What can be asked of a running exec.
pub trait ExecControl: Send + Sync {
    /// Tells the terminal's size.
    fn resize(&self, rows: u16, columns: u16) -> Call<'_, ()>;
    /// The exit code once it has ended.
    fn exit_code(&self) -> Call<'_, Option<i64>>;
}

/// How to attach.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AttachSpec {
    /// Whether standard input is connected.
    pub stdin: bool,
    /// Keys that end the connection and leave the container alone, in Docker's words (`ctrl-p,ctrl-q`).
    pub detach_keys: Option<String>,
}

/// A span of time, each end in seconds since 1970 with a fraction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// From; `None`: now.
    pub since: Option<String>,
    /// Until; `None`: it does not end.
    pub until: Option<String>,
}

/// Which part of a log.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Goes on as more comes.
    pub follow: bool,
    /// The last so many lines; `None`: all.
    pub tail: Option<u64>,
    /// From this time on: seconds since 1970 with a fraction, as text, or RFC 3339.
    pub since: Option<String>,
    /// Up to this time.
    pub until: Option<String>,
    /// Each line begins with its time.
    pub timestamps: bool,
}

/// Something that happened on an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// `container`, `network`, `volume`, `image`, …
    pub object: String,
    /// `start`, `die`, `health_status: healthy`, …
    pub action: String,
    /// ID of the object.
    pub id: String,
    /// Name of the object, where the engine says it.
    pub name: String,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// What the engine says of the object beside its name: labels, image, signal, exit code.
    pub attributes: Labels,
}
