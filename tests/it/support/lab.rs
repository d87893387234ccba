//! A lab of one scenario: its directory, the program, and the promise that nothing is left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nestctl::engine::engine::Engine;
use nestctl::model::label::{self, Labels};
use nestctl::model::observed::{Observed, ObservedContainer};

use super::real_engine::{self, block_on};
use super::turn::Turn;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A lab. When it goes, `down -v` runs, and the test fails if anything of it is left on the root engine.
/// `NESTCTL_E2E_KEEP=1` keeps it, to be looked at.
pub(crate) struct TestLab {
    pub(crate) project: String,
    pub(crate) directory: PathBuf,
    pub(crate) host: String,
    env: BTreeMap<String, String>,
    /// Goes last, after `down`.
    _turn: Turn,
}

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What a run that has ended left behind. Its code is -1 when a signal ended it.
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Itself, if it went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Itself, if it ended with `code`.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

impl TestLab {
    /// A lab of this text on the test engine; `None` (the scenario passes) where there is none.
    pub(crate) fn new(name: &str, yaml: &str) -> Option<Self> {
        let lab = Self::empty(name)?;
        lab.write("nest.yaml", yaml);
        Some(lab)
    }

    /// As [`Self::new`], while no other scenario uses the engine.
    pub(crate) fn alone(name: &str, yaml: &str) -> Option<Self> {
        let lab = Self::with_turn(name, Turn::alone)?;
        lab.write("nest.yaml", yaml);
        Some(lab)
    }

    /// A lab that is a copy of `examples/<example>`.
    pub(crate) fn example(example: &str) -> Option<Self> {
        let lab = Self::empty(example)?;
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example), &lab.directory);
        Some(lab)
    }

    fn empty(name: &str) -> Option<Self> {
        Self::with_turn(name, Turn::shared)
    }

    fn with_turn(name: &str, turn: fn() -> Turn) -> Option<Self> {
        let host = real_engine::host()?;
        let turn = turn();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let project = format!("e2e-{name}-{}-{number}", std::process::id());
        // Within the workspace: the engine sees it, so that live binds are tried as users have them.
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&project);
        fs::create_dir_all(&directory).expect("a directory for the lab");
        Some(Self { project, directory, host, env: BTreeMap::new(), _turn: turn })
    }

    /// Puts the lab's files where the engine does not see them.
    #[must_use]
    pub(crate) fn out_of_sight(mut self) -> Self {
        let hidden = Path::new("/var/tmp").join(&self.project);
        copy_tree(&self.directory, &hidden);
        fs::remove_dir_all(&self.directory).expect("the first directory goes");
        self.directory = hidden;
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.env.insert(key.to_owned(), value.into());
        self
    }

    /// Writes a file of the lab.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// Replaces `from` in a file of the lab, where it must stand.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.directory.join(name);
        let text = fs::read_to_string(&path).expect("a file of the lab");
        assert!(text.contains(from), "`{from}` is not in {name}");
        fs::write(path, text.replace(from, to)).expect("a file");
    }

    /// The program with these arguments, in the lab's directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nestctl"));
        command.current_dir(&self.directory).args(["-p", &self.project]).args(arguments).env_clear();
        for (key, value) in std::env::vars() {
            if key.ends_with("_IMAGE") || key == "PATH" || key == "LLVM_PROFILE_FILE" {
                command.env(key, value);
            }
        }
        command.env("HOME", &self.directory).env("DOCKER_HOST", &self.host).envs(&self.env);
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().expect("nestctl runs"))
    }

    /// Starts the program, its output piped.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("nestctl starts")
    }

    /// The root engine.
    pub(crate) fn engine(&self) -> Arc<dyn Engine> {
        real_engine::root(&self.host)
    }

    /// The lab's containers on the root engine, by address.
    pub(crate) fn containers(&self) -> BTreeMap<String, ObservedContainer> {
        block_on(real_engine::containers(&*self.engine(), &self.project))
    }

    /// The engine of a layer, reached through the nodes of its path: `a/b`.
    pub(crate) async fn engine_of(&self, layer: &str) -> Arc<dyn Engine> {
        let mut engine = self.engine();
        let mut at = String::new();
        for part in layer.split('/').filter(|part| !part.is_empty()) {
            at = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
            let there = real_engine::containers(&*engine, &self.project).await;
            engine = real_engine::inside(&engine, there.get(&at).unwrap_or_else(|| panic!("no node {at}")));
        }
        engine
    }

    /// The lab's containers on the engine of a layer, by address.
    pub(crate) fn containers_in(&self, layer: &str) -> BTreeMap<String, ObservedContainer> {
        block_on(async { real_engine::containers(&*self.engine_of(layer).await, &self.project).await })
    }

    /// Everything on the engine of a layer, the lab's or not.
    pub(crate) fn observed_in(&self, layer: &str) -> Observed {
        block_on(async { real_engine::observed(&*self.engine_of(layer).await).await })
    }

    /// What a program in a container prints, and its exit code. The container is named by its address and found
    /// on the engine of `layer`.
    pub(crate) fn exec(&self, layer: &str, addr: &str, argv: &[&str]) -> (String, i64) {
        block_on(async {
            let engine = self.engine_of(layer).await;
            let there = real_engine::containers(&*engine, &self.project).await;
            let container = there.get(addr).unwrap_or_else(|| panic!("no {addr} on the engine of {layer}"));
            real_engine::exec(&*engine, &container.id, argv).await
        })
    }

    /// Everything of the lab that is on the root engine: containers, networks, volumes.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let seen = block_on(async { self.engine().observe().await.expect("the engine lists its objects") });
        let mine =
            |labels: &Labels| labels.get(label::PROJECT).map(String::as_str) == Some(self.project.as_str());
        let containers =
            seen.containers.iter().filter(|one| mine(&one.labels) || one.name.starts_with(&self.project));
        let networks =
            seen.networks.iter().filter(|one| mine(&one.labels) || one.name.starts_with(&self.project));
        let volumes =
            seen.volumes.iter().filter(|one| mine(&one.labels) || one.name.starts_with(&self.project));
        containers
            .map(|one| format!("container {} {}", one.name, one.state.as_str()))
            .chain(networks.map(|one| format!("network {}", one.name)))
            .chain(volumes.map(|one| format!("volume {}", one.name)))
            .collect()
    }
}

impl Drop for TestLab {
    fn drop(&mut self) {
        if std::env::var_os("NESTCTL_E2E_KEEP").is_some() {
            println!("kept: {} in {}", self.project, self.directory.display());
            return;
        }
        let ran = self.run(&["down", "-v", "--remove-orphans"]);
        let left = self.leftovers();
        // A second panic would end the whole test program.
        if !std::thread::panicking() {
            assert!(left.is_empty(), "left after down -v: {left:#?}\n{}", ran.stderr);
            assert_eq!(ran.code, 0, "down -v: {}", ran.stderr);
        } else if !left.is_empty() {
            println!("left after down -v: {left:#?}\n{}", ran.stderr);
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Copies a directory with all that is in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
