//! The engine, the programs, and the promise that nothing stays.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rivals;

/// What a benchmark works with.
pub(crate) struct Stage {
    pub(crate) host: String,
    /// The Docker CLI, which the shell scripts call.
    pub(crate) docker: PathBuf,
    /// `docker compose` and its `DOCKER_CONFIG`.
    pub(crate) compose: Option<(PathBuf, PathBuf)>,
    /// Image of the workload.
    pub(crate) busybox: String,
    /// Image of nodes.
    pub(crate) dind: String,
    /// Every name begins with this.
    prefix: String,
    directory: PathBuf,
    made: Cell<u32>,
}

/// A lab or a project of one row: its directory and its name. When it goes, what it has made is removed.
pub(crate) struct Lab<'s> {
    pub(crate) stage: &'s Stage,
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
}

impl Stage {
    /// As `cargo xtask bench` says; `None` without an engine.
    pub(crate) fn from_environment() -> Option<Self> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let prefix = format!("nestctl-bench-{}", std::process::id());
        // Within the workspace: the engine sees it.
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&prefix);
        fs::create_dir_all(&directory).expect("a directory for the labs");
        let compose = set("NESTCTL_TEST_PEER").zip(set("NESTCTL_TEST_PEER_CONFIG"));
        Some(Self {
            host: set("NESTCTL_TEST_HOST")?,
            docker: set("NESTCTL_BENCH_DOCKER").unwrap_or_else(|| "docker".to_owned()).into(),
            compose: compose.map(|(program, config)| (program.into(), config.into())),
            busybox: set("BUSYBOX_IMAGE").unwrap_or_else(|| "busybox".to_owned()),
            dind: set("DIND_IMAGE").unwrap_or_else(|| "docker:dind".to_owned()),
            prefix,
            directory,
            made: Cell::new(0),
        })
    }

    /// A new lab of this text, which is a Compose file too unless it has nodes.
    pub(crate) fn lab(&self, yaml: &str) -> Lab<'_> {
        self.made.set(self.made.get() + 1);
        let name = format!("{}-{}", self.prefix, self.made.get());
        let directory = self.directory.join(&name);
        fs::create_dir_all(&directory).expect("a directory for the lab");
        fs::write(directory.join("compose.yaml"), yaml).expect("the lab's file");
        Lab { stage: self, name, directory }
    }

    /// The Docker CLI on the engine.
    pub(crate) fn docker(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.docker);
        command.args(words).env("DOCKER_HOST", &self.host).env_remove("DOCKER_CONTEXT");
        command
    }

    /// Removes everything whose name begins as ours do.
    pub(crate) fn sweep(&self) {
        rivals::remove_all(self, &self.prefix);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.sweep();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Lab<'_> {
    /// nestctl on this lab.
    pub(crate) fn nestctl(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nestctl"));
        command.current_dir(&self.directory).args(["-p", &self.name]).args(words).env_clear();
        for (key, value) in std::env::vars() {
            if key.ends_with("_IMAGE") || key == "PATH" {
                command.env(key, value);
            }
        }
        command.env("HOME", &self.directory).env("DOCKER_HOST", &self.stage.host);
        command
    }

    /// `docker compose` on this project.
    pub(crate) fn compose(&self, words: &[&str]) -> Command {
        let (program, config) = self.stage.compose.as_ref().expect("rows with a peer run where there is one");
        let mut command = Command::new(program);
        command.current_dir(&self.directory).args(["-p", &self.name]).args(words);
        command.env("DOCKER_HOST", &self.stage.host).env("DOCKER_CONFIG", config);
        command
    }
}

impl Drop for Lab<'_> {
    fn drop(&mut self) {
        rivals::remove_all(self.stage, &self.name);
        let _ = fs::remove_dir_all(&self.directory);
    }
}
