//! Each fixture as the inner layer of a dind node: the engine inside reports what the peer makes on the root engine.
//!
//! A few nodes stay for all fixtures; each worker lays one fixture after the other into its node.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use super::engine::{WORKERS, both, each};
use super::engine_case::{
    UsualSocket, fixtures, lines, make_outside, name_of, pairs, remove_outside, said, written,
};
use super::engine_differences::{Difference, ENGINE, INNER};
use super::engine_peer;
use super::engine_report::{Report, differ};
use crate::support::lab::copy_tree;

/// The directory of the lab that holds the fixture of the moment.
const CASE: &str = "case";

/// A lab of one node.
struct Lab {
    directory: PathBuf,
    project: String,
    host: String,
}

impl Lab {
    fn new(number: usize, host: &str) -> Self {
        let project = format!("inner-{}-{number}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&project);
        fs::create_dir_all(directory.join("sock")).expect("a directory");
        Self { directory, project, host: host.to_owned() }
    }

    /// The node's engine: its socket lies in a bind, so that it is asked raw, as the root engine is.
    fn inside(&self) -> String {
        format!("unix://{}", self.directory.join("sock/d").display())
    }

    /// Compose's name for the layer inside: no `-p` is above what its file says.
    fn inner_project(&self) -> String {
        let text = fs::read_to_string(self.directory.join(CASE).join("compose.yaml")).expect("a fixture");
        let name = text.lines().find_map(|line| line.strip_prefix("name: "));
        name.map_or_else(|| format!("{}-vm", self.project), str::to_owned)
    }

    fn nestctl(&self, vars: &BTreeMap<String, String>, args: &[String]) -> Result<(), String> {
        let program = Path::new(env!("CARGO_BIN_EXE_nestctl"));
        let mut command = UsualSocket::of(&self.host, vars).map_or_else(
            || Command::new(program),
            |socket| socket.command(program, &self.directory.join("run")),
        );
        command.args(["-p", &self.project]).args(args).current_dir(&self.directory);
        command.env_clear().stdin(Stdio::null()).env("DOCKER_HOST", &self.host).envs(vars);
        command
            .env("HOME", self.directory.join(format!("{CASE}-home")))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        said(&command.output().expect("nestctl runs"))
    }

    /// Writes the lab around some files; none: the node has nothing inside.
    fn write(&self, files: &[String]) {
        let image = std::env::var("DIND_IMAGE").unwrap_or_else(|_| "nestctl-test/dind".to_owned());
        let files: Vec<String> = files.iter().map(|file| format!("{CASE}/{file}")).collect();
        let mut text = format!(
            "services:\n  vm:\n    image: {image}\n    engine: {{kind: dind, args: [\"--host=unix:///sock/d\"]}}\n    \
             volumes: [\"./sock:/sock\"]\n"
        );
        if !files.is_empty() {
            let _ = writeln!(text, "    inner: {files:?}");
        }
        fs::write(self.directory.join("nest.yaml"), text).expect("a file");
    }

    /// Creates the fixture inside, and what the engine there then reports of it.
    fn created(&self, fixture: &Path) -> Result<Value, String> {
        let case = self.directory.join(CASE);
        let _ = fs::remove_dir_all(&case);
        copy_tree(fixture, &case);
        let outside = pairs(&case, "outside", ' ');
        if !outside.is_empty() {
            // The engine must be there for what is to be on it before, and have the image for containers.
            self.write(&[]);
            self.nestctl(&BTreeMap::new(), &["up".to_owned()])?;
            make_outside(&self.inside(), &self.project, &outside);
        }
        let (files, mut args) = split(&case);
        self.write(&files);
        args.extend(["create", "--start-nodes"].map(str::to_owned));
        let made = self.nestctl(&pairs(&case, "vars", '=').into_iter().collect(), &args);
        let names = [
            (format!("/nestctl/lab/{CASE}"), "<directory>".to_owned()),
            (self.inner_project(), name_of(fixture)),
            (self.project.clone(), name_of(fixture)),
        ];
        let report = made
            .map(|()| Report::of(&self.inside(), &self.inner_project()).comparable(&written(&case), &names));
        if self.directory.join("sock/d").exists() {
            Report::of(&self.inside(), &self.inner_project()).remove(&self.inside());
            remove_outside(&self.inside(), &self.project, &outside);
        }
        report.map_err(|said| format!("nestctl refuses:\n{said}"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::env::var_os("NESTCTL_E2E_KEEP").is_some() {
            return;
        }
        let gone = self.nestctl(&BTreeMap::new(), &["down", "-v"].map(str::to_owned));
        let _ = fs::remove_dir_all(&self.directory);
        // A second panic would end the whole test program.
        assert!(std::thread::panicking() || gone.is_ok(), "down: {gone:?}");
    }
}

/// The files that a fixture names, and its other arguments, with paths from the lab's directory.
fn split(case: &Path) -> (Vec<String>, Vec<String>) {
    let (mut files, mut args) = (Vec::new(), Vec::new());
    let mut lines = lines(case, "args").into_iter();
    while let Some(flag) = lines.next() {
        match flag.as_str() {
            "-f" => files.extend(lines.next()),
            "--env-file" => {
                args.push(flag);
                args.extend(lines.next().map(|file| format!("{CASE}/{file}")));
            }
            _ => args.push(flag),
        }
    }
    if files.is_empty() {
        files.push("compose.yaml".to_owned());
        files.extend(Some("compose.override.yaml".to_owned()).filter(|file| case.join(file).exists()));
    }
    (files, args)
}

/// Whether the layer binds something of the lab, which its node carries then: a node is made anew where that changes,
/// so those that do come after those that do not.
fn carries(fixture: &Path) -> bool {
    let text = written(fixture);
    ["\"./", " ./", "~/", "file:"].iter().any(|mark| text.contains(mark))
}

#[test]
fn inside_a_node_is_created_what_the_peer_creates() {
    let Some((host, peer, _turn)) = both() else { return };
    let mut cases = fixtures("compose");
    cases.sort_by_key(|case| carries(case));
    let used = Mutex::new(Vec::new());
    let table: Vec<Difference> = ENGINE.iter().chain(INNER).copied().collect();
    let labs = (0..WORKERS).map(|number| Lab::new(number, &host)).collect();
    each(&cases, labs, |lab: &Lab, fixture: &Path| {
        let theirs = engine_peer::created(&peer, fixture, &host)?;
        let ours = lab.created(fixture)?;
        let mut needed = Vec::new();
        let difference = differ(&theirs, &ours, &table, &mut needed);
        used.lock().expect("nobody panics with the list").extend(needed);
        if difference.is_empty() { Ok(()) } else { Err(difference) }
    });
    if std::env::var_os("NESTCTL_TEST_CASE").is_some() {
        return;
    }
    let used = used.into_inner().expect("nobody panics with the list");
    for row in INNER {
        assert!(used.contains(&row.at), "no case needs the row {}: {}", row.at, row.why);
    }
}
