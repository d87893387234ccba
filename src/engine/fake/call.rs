//! The log of calls.

use crate::model::label::Labels;

/// Every operation that [`Call::op`] may name.
pub const OPERATIONS: [&str; 30] = [
    "ping",
    "read facts",
    "observe",
    "inspect container",
    "inspect image",
    "create container",
    "create network",
    "create volume",
    "start container",
    "stop container",
    "kill container",
    "pause container",
    "unpause container",
    "rename container",
    "connect container",
    "disconnect container",
    "remove container",
    "remove network",
    "remove volume",
    "remove image",
    "pull image",
    "save image",
    "load image",
    "tag image",
    "put files",
    "get files",
    "exec",
    "read logs",
    "follow events",
    "look for path",
];

/// One call, in the order in which they began, over the whole tree of engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1.
    pub number: u64,
    /// Names of the containers around the engine, outermost first: `/`, `/vm1`, `/vm1/inner`.
    pub engine: String,
    /// What was asked for, in the infinitive: one of [`OPERATIONS`].
    pub op: &'static str,
    /// On what: the name or ID that was given; empty for the engine as a whole.
    pub target: String,
}

/// Something that happened on an engine, with the number of calls that had begun by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// ID of the object.
    pub id: String,
    /// Whether the engine did it of its own: by a restart policy, or because it ended itself.
    pub by_engine: bool,
    /// Labels of a container, its image, and at its end the exit code.
    pub attributes: Labels,
    /// Calls begun so far.
    pub after_call: u64,
    /// The engine, as in [`Call::engine`].
    pub engine: String,
    /// Kind of the object: `container`, `network`, `volume`, `image`.
    pub object: String,
    /// `create`, `start`, `die`, `health_status: healthy`, `destroy`, …
    pub action: String,
    /// Its name.
    pub name: String,
}
