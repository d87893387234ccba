//! How an image is built: what a lab file says, with paths and variables resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::container::Ulimit;
use super::label::Labels;
use super::name::ServiceName;
use super::span::Span;

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSpec {
    /// The files of the build.
    pub context: Context,
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// Values of `ARG`.
    pub args: BTreeMap<String, String>,
    /// Agents of ssh, by ID.
    pub ssh: BTreeMap<String, SshAgent>,
    /// Where finished steps may be taken from.
    pub cache_from: Vec<CachePlace>,
    /// Where finished steps are put.
    pub cache_to: Vec<CachePlace>,
    /// Every step is done anew.
    pub no_cache: bool,
    /// Stages whose steps are done anew.
    pub no_cache_filter: Vec<String>,
    /// Base images are pulled although they are there.
    pub pull: bool,
    /// More contexts, by name.
    pub additional_contexts: BTreeMap<String, Context>,
    /// Network of `RUN`.
    pub network: Option<String>,
    /// Lines of /etc/hosts: `NAME:ADDRESS`.
    pub extra_hosts: Vec<String>,
    /// What the build may do beyond the usual.
    pub entitlements: Vec<String>,
    /// Labels of the image.
    pub labels: Labels,
    /// Size of /dev/shm.
    pub shm_size: Option<i64>,
    /// The stage to build.
    pub target: Option<String>,
    /// Secrets, by ID.
    pub secrets: BTreeMap<String, BuildSecret>,
    /// More names of the image.
    pub tags: Vec<String>,
    /// Resource limits.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Platforms to build for; empty: the engine's own.
    pub platforms: Vec<String>,
    /// Attestation of how the image was made.
    pub provenance: Option<String>,
    /// Attestation of what is in the image.
    pub sbom: Option<String>,
    /// Where it is written.
    pub span: Span,
}

/// Where files of a build come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// A directory of the user's machine.
    Directory(PathBuf),
    /// What BuildKit fetches itself: a Git repository, an archive, `docker-image://…`.
    Remote(String),
    /// The image of a sibling service.
    Service(ServiceName),
}

/// The Dockerfile of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dockerfile {
    /// A file of the user's machine.
    File(PathBuf),
    /// A path within a context that BuildKit fetches.
    Within(String),
    /// The text itself.
    Inline(Arc<str>),
}

/// An agent of ssh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshAgent {
    /// Its socket.
    Socket(PathBuf),
    /// The user's own, and there is none (`SSH_AUTH_SOCK` is not set).
    Missing,
}

/// A place of cached steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePlace {
    /// `registry`, `inline`, …
    pub kind: String,
    /// The rest of it.
    pub attributes: BTreeMap<String, String>,
}

/// A secret of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSecret {
    /// Its key in the layer.
    pub name: String,
    /// Its bytes.
    pub source: SecretSource,
}

/// Where the bytes of a secret of a build come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file of the user's machine, read when the build asks for it.
    File(PathBuf),
    /// The bytes, from the file or the environment.
    Bytes(Arc<[u8]>),
}

/// What a check of a Dockerfile found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The findings, in BuildKit's words; empty: none.
    pub text: String,
    /// Whether there are findings, or the Dockerfile cannot be read.
    pub failed: bool,
}

/// Something that a running build tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildNote {
    /// A vertex of the build's graph, most often an instruction, began.
    Began {
        /// Its number in this build, in the order of beginnings, from 1.
        vertex: u32,
        /// Its name: `[2/3] RUN make`.
        name: String,
    },
    /// A vertex ended.
    Ended {
        /// Which.
        vertex: u32,
        /// How.
        end: VertexEnd,
        /// Time that it took.
        took: Duration,
    },
    /// A line of a vertex's output.
    Line {
        /// Which.
        vertex: u32,
        /// The line, without its end.
        text: String,
    },
    /// Bytes or steps of a vertex that are done: a file being fetched, a context being sent.
    Moved {
        /// Which.
        vertex: u32,
        /// Of what.
        what: String,
        /// Done so far.
        done: u64,
        /// Of how much, if that is known.
        total: Option<u64>,
    },
    /// A warning of the frontend.
    Warned {
        /// The text.
        text: String,
    },
}

/// How a vertex ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VertexEnd {
    /// It was done.
    Done,
    /// It was done before.
    Cached,
    /// It failed; the text is the frontend's.
    Failed(String),
}
