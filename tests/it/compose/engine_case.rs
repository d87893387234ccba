//! One case on the test engine: both tools, one after the other, in the same directory, under the same name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::engine_http::request;
use super::engine_report::Report;
use crate::support::lab::copy_tree;

/// The peer: its program, and the configuration that knows its plugins.
pub(super) struct Peer {
    program: PathBuf,
    config: PathBuf,
}

impl Peer {
    /// Where there is one.
    pub(super) fn find() -> Option<Self> {
        let get = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let found = get("NESTCTL_TEST_PEER").zip(get("NESTCTL_TEST_PEER_CONFIG"));
        if found.is_none() {
            println!("skipped: NESTCTL_TEST_PEER names no docker compose (`cargo xtask test` has one)");
        }
        found.map(|(program, config)| Self { program, config })
    }
}

/// A directory of the fixtures: `compose.yaml` and what it needs; `args` has one argument a line, `vars` lines of
/// `KEY=value` (of `DOCKER_HOST`: [`UsualSocket`]), `outside` lines of `network NAME`, `volume NAME` or `container NAME` that are there before, below the project's name.
pub(super) struct Case {
    name: String,
    /// Compose's name for the project.
    project: String,
    /// A copy that tools may write to.
    directory: PathBuf,
    args: Vec<String>,
    vars: BTreeMap<String, String>,
    outside: Vec<(String, String)>,
    host: String,
}

/// All cases of one kind, by name. `NESTCTL_TEST_CASE` picks those whose name contains it.
pub(super) fn fixtures(kind: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind);
    let picked = std::env::var("NESTCTL_TEST_CASE").unwrap_or_default();
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut out: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    out.retain(|path| path.is_dir() && path.to_string_lossy().contains(&picked));
    out.sort();
    out
}

impl Case {
    /// A copy of the fixture, as project `<prefix>-<name>`.
    pub(super) fn new(fixture: &Path, prefix: &str, host: &str) -> Self {
        let name = name_of(fixture);
        let project = format!("{prefix}-{name}");
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&project);
        let _ = fs::remove_dir_all(&directory);
        copy_tree(fixture, &directory);
        let (args, vars) = (lines(&directory, "args"), pairs(&directory, "vars", '=').into_iter().collect());
        let outside = pairs(&directory, "outside", ' ');
        let case = Self { name, project, directory, args, vars, outside, host: host.to_owned() };
        case.clear();
        make_outside(host, &case.project, &case.outside);
        case
    }

    /// Compose's name for the project.
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// Where the files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The user's directory, beside the files: what a tool keeps there is no part of a build's context.
    fn home(&self) -> PathBuf {
        self.directory.with_file_name(format!("{}-home", self.project))
    }

    fn run(&self, program: &Path, config: Option<&Path>, more: &[&str]) -> Output {
        let mut command = UsualSocket::of(&self.host, &self.vars).map_or_else(
            || Command::new(program),
            |socket| socket.command(program, &self.directory.with_file_name(format!("{}-run", self.project))),
        );
        command.args(["-p", &self.project]).args(&self.args).args(more);
        command.current_dir(&self.directory).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("DOCKER_HOST", &self.host).envs(&self.vars);
        if let Some(config) = config {
            command.env("DOCKER_CONFIG", config);
        }
        command.output().expect("the program runs")
    }

    /// The peer with these arguments; its complaint if it fails.
    pub(super) fn peer(&self, peer: &Peer, more: &[&str]) -> Result<(), String> {
        said(&self.run(&peer.program, Some(&peer.config), more))
    }

    /// nestctl with these arguments; its complaint if it fails.
    pub(super) fn nestctl(&self, more: &[&str]) -> Result<(), String> {
        said(&self.run(Path::new(env!("CARGO_BIN_EXE_nestctl")), None, more))
    }

    /// What the peer prints with these arguments, or its complaint.
    pub(super) fn peer_prints(&self, peer: &Peer, more: &[&str]) -> Result<String, String> {
        printed(&self.run(&peer.program, Some(&peer.config), more))
    }

    /// What nestctl prints with these arguments, or its complaint.
    pub(super) fn nestctl_prints(&self, more: &[&str]) -> Result<String, String> {
        printed(&self.run(Path::new(env!("CARGO_BIN_EXE_nestctl")), None, more))
    }

    /// What the engine reports of the project now. The name of the case stands for that of the project.
    pub(super) fn report(&self) -> Value {
        let directory = self.directory.to_string_lossy().into_owned();
        let names = [(directory, "<directory>".to_owned()), (self.project.clone(), self.name.clone())];
        Report::of(&self.host, &self.project).comparable(&written(&self.directory), &names)
    }

    /// Takes away what the tools made, not what was there before.
    pub(super) fn clear(&self) {
        Report::of(&self.host, &self.project).remove(&self.host);
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::env::var_os("NESTCTL_E2E_KEEP").is_some() {
            return;
        }
        // A second panic would end the whole test program.
        if !std::thread::panicking() {
            self.clear();
        }
        remove_outside(&self.host, &self.project, &self.outside);
        let _ = fs::remove_dir_all(&self.directory);
        let _ = fs::remove_dir_all(self.home());
        let _ = fs::remove_dir_all(self.directory.with_file_name(format!("{}-run", self.project)));
    }
}

/// The place of an engine's socket if nothing says otherwise, for a case whose `vars` name it as `DOCKER_HOST`: its tools then
/// run in mounts of their own, in which the test engine's socket is there too.
pub(super) struct UsualSocket<'a>(&'a str);

impl<'a> UsualSocket<'a> {
    /// `None` where the case does not ask for it, or where the test engine's socket is that one anyway.
    pub(super) fn of(host: &'a str, vars: &BTreeMap<String, String>) -> Option<Self> {
        let asked = vars.get("DOCKER_HOST")?;
        assert_eq!(asked, "unix:///var/run/docker.sock", "the only engine that a case may name");
        (asked != host).then(|| Self(host.strip_prefix("unix://").expect("a test engine with a socket")))
    }

    /// A program in these mounts; `stage` is a directory of the case alone that is not there yet, or of an earlier run.
    pub(super) fn command(&self, program: &Path, stage: &Path) -> Command {
        // What is mounted is seen by this program alone, and gone with it.
        const MOUNTS: &str = "mkdir -p \"$1\" && : >\"$1/docker.sock\" && mount --bind \"$0\" \"$1/docker.sock\" && \
                              mount --rbind \"$1\" /run && shift && exec \"$@\"";
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-c", MOUNTS, self.0])
            .arg(stage)
            .arg(program);
        command
    }
}

/// What the fixture is called.
pub(super) fn name_of(fixture: &Path) -> String {
    fixture.file_name().expect("a directory has a name").to_string_lossy().into_owned()
}

/// The lines of a file of a case; none where it is not there.
pub(super) fn lines(directory: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(directory.join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The lines of a file of a case, each in two.
pub(super) fn pairs(directory: &Path, name: &str, between: char) -> Vec<(String, String)> {
    let split = |line: String| line.split_once(between).map(|(a, b)| (a.to_owned(), b.to_owned()));
    lines(directory, name).into_iter().filter_map(split).collect()
}

/// The text of all files of a case.
pub(super) fn written(directory: &Path) -> String {
    let mut out = String::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        out.push_str(&fs::read_to_string(path).unwrap_or_default());
    }
    out
}

/// Makes what a case wants to be there before.
pub(super) fn make_outside(host: &str, project: &str, outside: &[(String, String)]) {
    for (kind, name) in outside {
        let name = format!("{project}-{name}");
        let body = json!({"Name": name, "Image": "nestctl-test/busybox"});
        let (status, answer) = request(host, "POST", &format!("/{kind}s/create?name={name}"), Some(&body));
        assert!(status < 300, "{answer}");
    }
}

/// Takes it away.
pub(super) fn remove_outside(host: &str, project: &str, outside: &[(String, String)]) {
    for (kind, name) in outside {
        request(host, "DELETE", &format!("/{kind}s/{project}-{name}"), None);
    }
}

/// What a program printed, or said if it failed.
fn printed(output: &Output) -> Result<String, String> {
    said(output).map(|()| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a program said if it failed.
pub(super) fn said(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout))
}
