//! The tool that nestctl is compared with: `docker compose` of Debian, the newest that runs on this machine.
//!
//! Made from the machine's own package sources and kept like the images. Debian's unstable release has a newer one than
//! the stable one; where it cannot be had, or does not run, the stable one is taken.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::apt::Tree;
use crate::cache;
use crate::shell::{Cmd, Context as _, Error, Result, make_dir, remove_dir, write_file};

/// From the newest to the oldest.
const SUITES: &[&str] = &["unstable", "trixie"];
const PLUGINS: &[&str] = &["docker-compose", "docker-buildx"];

/// A program that answers to `docker compose`'s arguments.
pub(crate) struct Peer {
    pub(crate) program: PathBuf,
    /// For `DOCKER_CONFIG`: has the plugin that builds images, and no credentials.
    pub(crate) config: PathBuf,
}

impl Peer {
    /// Adds the environment by which tests find it.
    pub(crate) fn announce(&self, cmd: Cmd) -> Cmd {
        cmd.env("NESTCTL_TEST_PEER", &self.program).env("NESTCTL_TEST_PEER_CONFIG", &self.config)
    }

    fn version(&self) -> Result<String> {
        let cmd = Cmd::new(&self.program).args(["version", "--short"]).env("DOCKER_CONFIG", &self.config);
        Ok(cmd.read()?.trim().to_owned())
    }
}

/// Has the peer: the one that `NESTCTL_TEST_PEER` names, else the newest of Debian's.
pub(crate) fn have() -> Result<Peer> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let (Some(program), Some(config)) = (set("NESTCTL_TEST_PEER"), set("NESTCTL_TEST_PEER_CONFIG")) {
        return Ok(Peer { program, config });
    }
    let _lock = cache::lock("peer")?;
    let mut failures = Vec::new();
    for suite in SUITES {
        match made(suite) {
            Ok(peer) => return Ok(peer),
            Err(error) => failures.push(format!("{suite}: {error}")),
        }
    }
    Err(Error::new(format!("no docker compose to compare with; {}", failures.join("; "))))
}

/// The peer of one release, made if it is not there yet.
fn made(suite: &str) -> Result<Peer> {
    let tree = Tree { suite, variant: "extract", packages: PLUGINS, files: None, commands: &[] };
    let dir = cache::peers()?.join(suite).join(tree.key()?);
    let config = dir.join("config");
    let peer = Peer { program: config.join("cli-plugins/docker-compose"), config };
    if dir.is_dir() {
        peer.version()?;
        return Ok(peer);
    }
    // Under a name of its own until it is whole; what other recipes made of this release goes.
    let parent = cache::peers()?.join(suite);
    remove_dir(&parent)?;
    let partial = parent.join("partial");
    make_dir(&partial)?;
    let root = partial.join("root");
    tree.make(&root)?;
    fs::rename(&partial, &dir).context(format_args!("name `{}`", dir.display()))?;
    // From here on at the place where they stay: the scripts name it.
    let version = install(&dir.join("root"), &peer).inspect_err(|_| drop(remove_dir(&dir)))?;
    eprintln!("made docker compose {version} from Debian {suite} packages");
    Ok(peer)
}

/// Puts the tree's plugins where the configuration has them, so that they run on this machine.
fn install(root: &Path, peer: &Peer) -> Result<String> {
    let plugins = peer.config.join("cli-plugins");
    make_dir(&plugins)?;
    let packaged = |plugin| root.join("usr/libexec/docker/cli-plugins").join(plugin);
    for plugin in PLUGINS {
        let target = plugins.join(plugin);
        fs::hard_link(packaged(plugin), &target).context(format_args!("make `{}`", target.display()))?;
    }
    let Err(direct) = peer.version() else { return peer.version() };
    // A newer C library than this machine's: then with the one that came along.
    let loader = loader(root)?;
    let libraries = Cmd::new("find").arg(root.join("usr/lib")).args(["-name", "libc.so.6"]).read()?;
    let libraries = Path::new(libraries.trim()).parent().map(Path::to_path_buf).unwrap_or_default();
    for plugin in PLUGINS {
        let target = plugins.join(plugin);
        fs::remove_file(&target).context(format_args!("remove `{}`", target.display()))?;
        let line = format!(
            "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
            loader.display(),
            libraries.display(),
            packaged(plugin).display()
        );
        write_file(&target, &line)?;
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755))
            .context(format_args!("make `{}` a program", target.display()))?;
    }
    peer.version().map_err(|error| Error::new(format!("{direct}\n{error}")))
}

/// The program of a tree's C library that starts others.
fn loader(root: &Path) -> Result<PathBuf> {
    let found = Cmd::new("find").arg(root.join("usr")).args(["-name", "ld-linux*.so.*"]).read()?;
    found.lines().next().map(PathBuf::from).ok_or_else(|| Error::new("the packages have no dynamic loader"))
}
