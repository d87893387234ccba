//! What kinds add to a container where the file is silent. The file wins in every one of these.

use std::time::Duration;

use super::dind_rootless;
use super::kind::{DataVolume, NodeInput};
use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource};
use crate::model::service::DataRoot;

/// Memory that holds an engine's data: containers execute from it, and keep their devices and set-user-ID bits
/// (an engine's tmpfs has none of that by default: moby `daemon/oci_linux.go`).
const DATA_TMPFS: &str = "exec,suid,dev";

/// The file's container, with the kind's image where the file gives none.
pub(super) fn spec(input: &NodeInput, default_image: Option<&str>) -> ContainerSpec {
    let mut spec = input.spec.clone();
    if spec.image.is_empty() {
        default_image.unwrap_or_default().clone_into(&mut spec.image);
    }
    spec
}

fn mount(spec: &mut ContainerSpec, mount: Mount) {
    if !spec.mounts.iter().any(|there| there.target == mount.target) {
        spec.mounts.push(mount);
    }
}

/// Adds a tmpfs.
pub(super) fn tmpfs(spec: &mut ContainerSpec, target: &str, options: &str) {
    let source = MountSource::Tmpfs { options: options.to_owned() };
    mount(spec, Mount { target: target.to_owned(), source, read_only: false, consistency: None });
}

/// Adds a bind of a path of the machine whose engine makes the node.
pub(super) fn bind(spec: &mut ContainerSpec, path: &str, target: &str, create: bool, read_only: bool) {
    let path = BindPath::Engine(path.to_owned());
    let source = MountSource::bind(path, create);
    mount(spec, Mount { target: target.to_owned(), source, read_only, consistency: None });
}

/// Adds the kernel's modules, so that `modprobe` inside works (ENGINES.md P16). The directory is made where a
/// machine has none: its kernel has no modules then. An engine without root could neither make it nor load them.
pub(super) fn kernel_modules(spec: &mut ContainerSpec, input: &NodeInput) {
    if !input.outer.contains(&dind_rootless::KIND.name) {
        bind(spec, "/lib/modules", "/lib/modules", true, true);
    }
}

/// Adds a variable.
pub(super) fn environment(spec: &mut ContainerSpec, key: &str, value: &str) {
    spec.environment.entry(key.to_owned()).or_insert_with(|| Some(value.to_owned()));
}

/// Adds a security option unless the file has one with the same key.
pub(super) fn security_opt(spec: &mut ContainerSpec, key: &str, value: &str) {
    let has = |option: &String| option.split(['=', ':']).next() == Some(key);
    if !spec.security_opt.iter().any(has) {
        spec.security_opt.push(format!("{key}={value}"));
    }
}

/// The time between the stop signal and the kill, where the file gives none.
pub(super) fn grace(spec: &mut ContainerSpec, seconds: u64) {
    spec.stop_grace_period.get_or_insert(Duration::from_secs(seconds));
}

/// The limit from the node's start to its engine's answer.
pub(super) fn ready_timeout(input: &NodeInput, seconds: u64) -> Duration {
    input.options.ready_timeout.unwrap_or(Duration::from_secs(seconds))
}

/// The words that the file adds to the daemon's line of a dind-like node: `engine.args`, then `command`.
/// A command that repeats the program (`dockerd --debug`) means the same as one without it.
pub(super) fn daemon_words(input: &NodeInput, program: &str) -> Vec<String> {
    let command = input.spec.command.as_deref().unwrap_or_default();
    let command = match command.split_first() {
        Some((first, rest)) if first == program => rest,
        _ => command,
    };
    input.options.args.iter().chain(command).cloned().collect()
}

/// The engine's data directories, each a `(path, layout)`: volumes, or memory mounted here where the file wants
/// that. A directory at which the file mounts something itself is left to the file.
pub(super) fn data(
    spec: &mut ContainerSpec,
    input: &NodeInput,
    directories: &[(&str, &'static str)],
    tmpfs_options: &str,
) -> Vec<DataVolume> {
    let mut volumes = Vec::new();
    for (target, layout) in directories {
        if input.spec.mounts.iter().any(|mount| mount.target == *target) {
            continue;
        }
        match input.options.data {
            DataRoot::Tmpfs => tmpfs(spec, target, &format!("{DATA_TMPFS}{tmpfs_options}")),
            DataRoot::Volume | DataRoot::Named(_) => {
                volumes.push(DataVolume { target: (*target).to_owned(), layout });
            }
        }
    }
    volumes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, mount, tmpfs as tmpfs_at};

    #[test]
    fn what_the_file_mounts_sets_and_opens_stays() {
        let mut node = Node::default();
        tmpfs(&mut node.spec, "/run", "size=1m");
        environment(&mut node.spec, "container", "oci");
        node.spec.security_opt = vec!["seccomp=/profile.json".to_owned(), "label:disable".to_owned()];
        let mut spec = node.spec.clone();
        tmpfs(&mut spec, "/run", "");
        environment(&mut spec, "container", "docker");
        security_opt(&mut spec, "seccomp", "unconfined");
        security_opt(&mut spec, "label", "x");
        assert_eq!(spec, node.spec);
        security_opt(&mut spec, "apparmor", "unconfined");
        assert_eq!(spec.security_opt.last().map(String::as_str), Some("apparmor=unconfined"));
    }

    #[test]
    fn a_data_directory_that_the_file_mounts_gets_no_volume() {
        let mut node = Node::default();
        bind(&mut node.spec, "/srv/docker", "/var/lib/docker", false, false);
        let mut spec = node.spec.clone();
        let volumes = data(&mut spec, &node.input(), &[("/var/lib/docker", "a"), ("/x", "b")], "");
        assert_eq!(volumes, [DataVolume { target: "/x".to_owned(), layout: "b" }]);
        assert!(mount(&spec, "/x").is_none());
        node.options.data = DataRoot::Tmpfs;
        assert_eq!(data(&mut spec, &node.input(), &[("/x", "b")], ",uid=7"), []);
        assert_eq!(tmpfs_at(&spec, "/x"), Some("exec,suid,dev,uid=7"));
    }

    #[test]
    fn an_engine_without_root_around_the_node_has_no_modules_to_give() {
        for (outer, there) in [("dind", true), ("dind-rootless", false)] {
            let node = Node { outer: vec![outer], ..Node::default() };
            let mut spec = node.spec.clone();
            kernel_modules(&mut spec, &node.input());
            assert_eq!(mount(&spec, "/lib/modules").is_some(), there, "{outer}");
        }
    }

    #[test]
    fn a_command_is_added_to_the_arguments_of_the_daemon() {
        let mut node = Node::default();
        node.options.args = vec!["--debug".to_owned()];
        node.spec.command = Some(vec!["dockerd".to_owned(), "--dns=9.9.9.9".to_owned()]);
        assert_eq!(daemon_words(&node.input(), "dockerd"), ["--debug", "--dns=9.9.9.9"]);
        node.spec.command = Some(vec!["--dns=9.9.9.9".to_owned()]);
        assert_eq!(daemon_words(&node.input(), "dockerd"), ["--debug", "--dns=9.9.9.9"]);
        node.spec.command = Some(Vec::new());
        assert_eq!(daemon_words(&node.input(), "dockerd"), ["--debug"]);
    }
}
