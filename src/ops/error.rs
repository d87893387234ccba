//! Why a use case could not be carried out.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::engine::error::EngineError;
use crate::model::addr::{Addr, BadAddr};
use crate::model::failure::Failure;
use crate::model::name::BadName;
use crate::model::observed::ContainerState;

use super::lock::Holder;
use super::root::RootError;

/// Why a use case could not be carried out. Steps that fail in a run are not in here: they are in its report.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// No lab file from this directory upward.
    #[error("no lab file in `{}` or in a directory above it", searched.display())]
    NoLabFile {
        /// Where the search began.
        searched: PathBuf,
    },
    /// A file that was named cannot be read.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("failed to write `{}`", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The lab has errors, or its plan has: nothing was changed.
    #[error("the lab was refused")]
    Refused {
        /// What is wrong.
        diagnostics: Diagnostics,
        /// The texts that they point into.
        sources: Arc<SourceMap>,
    },
    /// A name that was given is none.
    #[error(transparent)]
    Name(#[from] BadName),
    /// An address that was given is none.
    #[error("`{text}` is not an address")]
    Address {
        /// What was given.
        text: String,
        /// Why.
        source: BadAddr,
    },
    /// An address that names nothing.
    #[error("no service `{pattern}` in the lab")]
    NothingMatched {
        /// What was given.
        pattern: String,
        /// An address that is there and looks like it.
        near: Option<String>,
    },
    /// The lab has no containers on the engine.
    #[error("no container of the lab `{project}` on the engine")]
    NotUp {
        /// The lab.
        project: String,
    },
    /// A container in which nothing can be run, or seen.
    #[error("container of `{addr}` is {}{}", state.as_str(), unseen(inside.as_deref()))]
    NotRunning {
        /// Whose.
        addr: Addr,
        /// Its state.
        state: ContainerState,
        /// What was meant inside it.
        inside: Option<String>,
    },
    /// A layer on the way to the address does not answer.
    #[error("engine of `{layer}` does not answer")]
    LayerSilent {
        /// The node.
        layer: String,
        /// What was tried and why it failed, outermost first.
        causes: Vec<String>,
    },
    /// The root engine cannot be found or dialled.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A call of an engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Output could not be written.
    #[error("failed to write the output")]
    Output(#[source] io::Error),
    /// Another run has the lab.
    #[error("{holder} is at work on the lab `{project}`")]
    Held {
        /// The lab.
        project: String,
        /// Who has it.
        holder: Holder,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A limit of the environment that is none.
    #[error("`{value}` ({name}) is no limit of time")]
    Limit {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// Files that cannot be copied so.
    #[error("{0}")]
    Copy(String),
    /// A port that is not bound.
    #[error("port {port} of `{addr}` is not published on its engine's machine")]
    NoPort {
        /// Port and transport.
        port: String,
        /// Whose.
        addr: Addr,
        /// What is bound.
        bound: Vec<String>,
    },
    /// What a one-off container was asked to be is not understood.
    #[error("{0}")]
    OneOff(String),
    /// A number of replicas that was given is none.
    #[error("`{0}` is not of the form SERVICE=N")]
    Scale(String),
    /// A time that was given is none.
    #[error("`{0}` is neither a time nor a duration")]
    Time(String),
}

impl OpError {
    /// The engine of a layer does not answer.
    pub(super) fn silent(layer: String, failure: &Failure) -> Self {
        let causes = std::iter::once(failure.summary.clone()).chain(failure.causes.iter().cloned());
        Self::LayerSilent { layer, causes: causes.collect() }
    }
}

/// What follows for what was meant inside a node that does not run.
fn unseen(inside: Option<&str>) -> String {
    inside.map(|inside| format!(", so `{inside}` inside it cannot be seen")).unwrap_or_default()
}
