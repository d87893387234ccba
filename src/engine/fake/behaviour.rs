//! How the program of a container behaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::engine::ExecSpec;
use crate::model::observed::Health;

/// What an exec answers: the bytes of its standard output, and its exit code.
pub type ExecAnswer = Arc<dyn Fn(&ExecSpec) -> (Vec<u8>, i64) + Send + Sync>;

/// The behaviour of a container, found by its name, else by its image. The default runs on, is healthy at once
/// where the container has a health check, and its engine, if it is asked for one, answers at once.
#[derive(Clone, Default)]
pub struct Behaviour {
    /// Ends with this code as soon as it has started.
    pub exit: Option<i64>,
    /// When its health check has a verdict.
    pub health: HealthScript,
    /// When the engine inside answers.
    pub boot: Boot,
    /// Lines that it prints at each start.
    pub console: Vec<String>,
    /// Why the engine cannot start it at all (`exec: "nope": executable file not found`).
    pub start_error: Option<String>,
    /// What an exec in it answers; `None`: nothing, with code 0, or for `cat` what it reads.
    pub exec: Option<ExecAnswer>,
    /// Files that its image has, by absolute path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The engine inside keeps images in containerd's store: other IDs than the graph driver's.
    pub containerd_store: bool,
    /// The engine inside is podman: references are stored in full (`docker.io/library/x:latest`).
    pub podman: bool,
}

/// When a health check has a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthScript {
    /// At the start.
    AtOnce(Health),
    /// After so many inspections that answered `starting`.
    AfterInspects(u32, Health),
    /// Only by [`super::fake_engine::FakeEngine::set_health`].
    ByHand,
}

impl Default for HealthScript {
    fn default() -> Self {
        Self::AtOnce(Health::Healthy)
    }
}

/// When the engine inside a running container answers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Boot {
    /// From the start on.
    #[default]
    AtOnce,
    /// After so many calls that did not reach it, counted anew at each start.
    AfterCalls(u32),
    /// It never does: every call fails.
    Never,
    /// It never does: every call hangs, as a daemon that listens and never serves.
    Hangs,
    /// There is none: calls go to the engine in this other container of the same engine (`tcp`).
    Elsewhere(String),
}

impl Behaviour {
    /// Ends with `code` as soon as it has started.
    #[must_use]
    pub fn exits(mut self, code: i64) -> Self {
        self.exit = Some(code);
        self
    }

    /// Its health check has this verdict, at this moment.
    #[must_use]
    pub fn health(mut self, script: HealthScript) -> Self {
        self.health = script;
        self
    }

    /// Its engine answers at this moment.
    #[must_use]
    pub fn boots(mut self, boot: Boot) -> Self {
        self.boot = boot;
        self
    }

    /// It prints a line at each start.
    #[must_use]
    pub fn prints(mut self, line: &str) -> Self {
        self.console.push(line.to_owned());
        self
    }

    /// The engine cannot start it.
    #[must_use]
    pub fn cannot_start(mut self, reason: &str) -> Self {
        self.start_error = Some(reason.to_owned());
        self
    }

    /// Every exec in it prints this and ends with this code.
    #[must_use]
    pub fn answers(mut self, output: &str, code: i64) -> Self {
        let bytes = output.as_bytes().to_vec();
        self.exec = Some(Arc::new(move |_| (bytes.clone(), code)));
        self
    }

    /// Its image has this file.
    #[must_use]
    pub fn has_file(mut self, path: &str, content: &str) -> Self {
        self.files.insert(path.to_owned(), content.as_bytes().to_vec());
        self
    }
}
