//! The throw-away engine as a process: Debian 13's engine in a root, mounts and process numbers of its own.
//!
//! Owns the engine's tree of packages, what the engine can see of the host, and the process. Shares the host's network,
//! so that published ports are on the host's loopback; `traces` takes away what that leaves behind.
//! A host folder that is in none of [`bind_dirs`] does not exist for the engine. `/var/tmp` is one (it has its own), and
//! that is where tests make what the engine must not see.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::apt::Tree;
use crate::cache;
use crate::shell::{
    Cmd, Context as _, Error, Result, last_lines, make_dir, remove_dir, wait_for, write_file,
};

const SCRIPT: &str = include_str!("private_root.sh");

const TREE: Tree<'static> = Tree {
    suite: "trixie",
    variant: "minbase",
    packages: &[
        "docker.io",
        "docker-cli",
        "docker-buildx",
        "docker-compose",
        "iptables",
        "iproute2",
        "ca-certificates",
        // Builds from repositories run it.
        "git",
        "procps",
        "kmod",
    ],
    files: None,
    commands: &[],
};

/// The tree of packages, made if it is not there yet.
pub(crate) fn tree() -> Result<PathBuf> {
    let roots = cache::roots()?;
    let tree = roots.join(TREE.key()?);
    if tree.is_dir() {
        return Ok(tree);
    }
    eprintln!("making the engine's root from Debian {} packages", TREE.suite);
    // No engine runs now, so nobody needs the one of an older recipe.
    remove_dir(&roots)?;
    make_dir(&roots)?;
    // Under another name until it is whole.
    let partial = roots.join("partial");
    TREE.make(&partial)?;
    fs::rename(&partial, &tree).context(format_args!("name `{}`", tree.display()))?;
    Ok(tree)
}

/// Where the engine listens.
pub(crate) fn host() -> Result<String> {
    let socket = cache::engine()?.join("run/docker.sock");
    let path = socket.to_string_lossy().into_owned();
    // The kernel's limit for the path of a socket.
    if path.len() > 107 {
        return Err(Error::new(format!(
            "`{path}` is too long for a socket: set NESTCTL_CACHE_DIR to a shorter folder"
        )));
    }
    Ok(format!("unix://{path}"))
}

/// The host folders that the engine sees, each at its own path: those of the last start, and those of this workspace.
fn bind_dirs(state: &Path) -> Vec<PathBuf> {
    let workspace = cache::workspace();
    let above = workspace.parent().filter(|dir| dir.parent().is_some()).map(Path::to_path_buf);
    let listed =
        |list: &str| list.split(':').filter(|dir| !dir.is_empty()).map(PathBuf::from).collect::<Vec<_>>();
    let mut dirs = BTreeSet::from([above.unwrap_or(workspace), std::env::temp_dir(), PathBuf::from("/tmp")]);
    dirs.extend(std::env::var_os("HOME").map(PathBuf::from));
    dirs.extend(listed(&std::env::var("NESTCTL_ENGINE_BIND").unwrap_or_default()));
    dirs.extend(listed(&fs::read_to_string(state.join("binds")).unwrap_or_default()));
    let dirs: BTreeSet<PathBuf> =
        dirs.into_iter().filter(|dir| dir.is_absolute() && dir.parent().is_some() && dir.is_dir()).collect();
    // A folder inside another one comes along with it.
    let inside_another = |dir: &Path| dir.ancestors().skip(1).any(|above| dirs.contains(above));
    dirs.iter().filter(|dir| !inside_another(dir)).cloned().collect()
}

/// Whether the running engine sees this workspace.
pub(crate) fn sees_workspace() -> Result<bool> {
    let binds = fs::read_to_string(cache::engine()?.join("binds")).unwrap_or_default();
    let workspace = cache::workspace();
    Ok(binds.split(':').any(|dir| !dir.is_empty() && workspace.starts_with(dir)))
}

/// Starts the engine. Does not wait until it answers.
pub(crate) fn start(tree: &Path) -> Result<Child> {
    let state = cache::engine()?;
    for dir in ["data", "run", "root"] {
        make_dir(&state.join(dir))?;
    }
    for stale in ["run/pid", "run/docker.sock"] {
        let _ = fs::remove_file(state.join(stale));
    }
    open_devices();
    let binds: Vec<String> = bind_dirs(&state).iter().map(|dir| dir.display().to_string()).collect();
    let binds = binds.join(":");
    write_file(&state.join("binds"), &binds)?;
    // As a file, so that lists of processes stay readable.
    let script = state.join("private_root.sh");
    write_file(&script, SCRIPT)?;
    let path = state.join("log");
    let log = File::create(&path).context(format_args!("make `{}`", path.display()))?;
    let log_too = log.try_clone().context("open the engine's log twice")?;
    // A session of its own: the engine outlives this command and the terminal.
    let cmd = Cmd::new("setsid")
        .args(["unshare", "--mount", "--pid", "--fork", "--propagation", "private"])
        .arg("sh")
        .arg(&script)
        .env("ROOTFS", tree)
        .env("STATE", &state)
        .env("BINDS", binds);
    let doing = "start the engine with setsid and unshare";
    cmd.into_inner().stdin(Stdio::null()).stdout(log).stderr(log_too).spawn().context(doing)
}

/// Rootless engines need these two. Without udev the kernel makes them for root alone; with it they are as here.
fn open_devices() {
    for device in ["/dev/net/tun", "/dev/fuse"] {
        // A machine without the device still has every other kind of engine.
        let _ = fs::set_permissions(device, fs::Permissions::from_mode(0o666));
    }
}

/// The end of the engine's log, for errors.
pub(crate) fn log_tail() -> String {
    let log = cache::engine().and_then(|state| fs::read_to_string(state.join("log")).context("read the log"));
    last_lines(&log.unwrap_or_default())
}

/// The first process of the running engine: while it lives the engine does, and when it ends all of it ends.
pub(crate) fn process() -> Result<Option<Process>> {
    let Ok(text) = fs::read_to_string(cache::engine()?.join("run/pid")) else { return Ok(None) };
    let Some((pid, start)) = text.trim().split_once(' ') else { return Ok(None) };
    let process = Process { pid: pid.to_owned(), start: start.to_owned() };
    Ok(process.is_alive().then_some(process))
}

pub(crate) struct Process {
    pid: String,
    /// When it started, in the kernel's ticks: numbers of processes come again, after a reboot for certain.
    start: String,
}

impl Process {
    fn is_alive(&self) -> bool {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid)) else { return false };
        // The name in brackets may hold blanks and brackets itself.
        let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
        let fields: Vec<&str> = fields.split(' ').collect();
        fields.first() != Some(&"Z") && fields.get(19) == Some(&self.start.as_str())
    }

    /// Sends a signal, `TERM` or `KILL`, and waits for the end.
    pub(crate) fn end(&self, signal: &str, limit: Duration) -> Result<()> {
        // The shell's own `kill`: a small machine has no other.
        let sent = Cmd::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal, &self.pid]).read();
        if sent.is_err() && self.is_alive() {
            return sent.map(drop);
        }
        wait_for("the end of the engine", limit, || Ok((!self.is_alive()).then_some(())))
    }
}
