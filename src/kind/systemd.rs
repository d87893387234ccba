//! `systemd`: a VM-like node. Any image whose init is systemd and that has a docker.service.
//!
//! Source: ENGINES.md 2d, 2f, 2h (bootloose), pitfalls P2, P20, P21.

use super::kind::{BootLine, DataVolume, Hosting, Kind, NodeInput, Profile, Refusal};
use super::refusals::refusal;
use super::start_script::Start;
use super::{certificates, daemon_config, dial_script, dind, fill, refusals};
use crate::model::container::ContainerSpec;
use crate::model::facts::Facts;
use crate::model::files::PutFile;

/// The line after which an exec no longer disturbs systemd's setup of the cgroups (kind `common/cgroups.go`).
pub(super) const BOOTED: BootLine = BootLine { words: &["Reached target", "Multi-User System"] };
/// Keys of `engine:` that a dockerd started by its own service understands.
pub(super) const OPTIONS: &[&str] =
    &["config", "data", "address_pool", "mtu", "registry_mirrors", "insecure_registries", "ssh", "ca"];
/// systemd stops its services first; docker.service may take dockerd's 15 s.
const GRACE: u64 = 60;
/// Packages of a distribution use containerd's own service, which has its store apart from dockerd's data.
const DATA: [(&str, &str); 2] = [dind::DATA, ("/var/lib/containerd", "containerd")];

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "systemd",
    doc: "A VM-like node: an image whose init is systemd and that has a docker.service (and, if you like, sshd).",
    default_image: None,
    options: OPTIONS,
    hosting: Hosting::Own,
    socket: Some(dind::SOCKET),
    profile,
    check,
};

/// What systemd as PID 1 needs of a container, privileges apart.
pub(super) fn as_init(spec: &mut ContainerSpec) {
    // systemd's console lines reach the log of a container with a terminal only.
    spec.tty = true;
    // Sent in any case: the engine's own configuration may say `init: true`.
    spec.init = Some(false);
    // Other signals make systemd reload or do nothing.
    spec.stop_signal.get_or_insert_with(|| "SIGRTMIN+3".to_owned());
    fill::tmpfs(spec, "/run", "");
    fill::grace(spec, GRACE);
}

/// What a privileged systemd needs beside that.
pub(super) fn as_machine(spec: &mut ContainerSpec, input: &NodeInput) {
    as_init(spec);
    spec.privileged = true;
    spec.cgroup.get_or_insert_with(|| "private".to_owned());
    fill::security_opt(spec, "seccomp", "unconfined");
    fill::security_opt(spec, "apparmor", "unconfined");
    fill::environment(spec, "container", "docker");
    fill::kernel_modules(spec, input);
}

/// What makes it more like a VM than a node of a cluster: programs may be run from /tmp, and /run/lock is open to
/// all (bootloose, `createMachineRunArgs`).
pub(super) fn as_vm(spec: &mut ContainerSpec) {
    fill::tmpfs(spec, "/tmp", "exec,mode=1777");
    fill::tmpfs(spec, "/run/lock", "");
}

/// Files of a node whose dockerd is started by systemd.
pub(super) fn files(input: &NodeInput) -> Vec<PutFile> {
    let mut files = Start::Systemd.files();
    files.extend(daemon_config::file(input, &[], daemon_config::PATH, 0));
    files.extend(certificates::files(input));
    files.extend(certificates::authorized_keys(input));
    files
}

/// The profile of a booting machine.
pub(super) fn machine(input: &NodeInput, spec: ContainerSpec, data: Vec<DataVolume>) -> Profile {
    Profile {
        spec,
        data,
        files: files(input),
        boot: Some(BOOTED),
        dial: dial_script::docker(dind::SOCKET, Some("0")),
        ready_timeout: fill::ready_timeout(input, 120),
    }
}

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, None);
    as_machine(&mut spec, input);
    as_vm(&mut spec);
    let data = fill::data(&mut spec, input, &DATA, "");
    machine(input, spec, data)
}

/// What cannot be where systemd is PID 1.
pub(super) fn refuse_init(input: &NodeInput) -> Vec<Refusal> {
    let mut out = Vec::new();
    if input.spec.init == Some(true) {
        out.push(refusal("init", "systemd has to be the first process of the node", "Take `init` away."));
    }
    if !input.spec.tty && input.written.contains("tty") {
        out.push(refusal(
            "tty",
            "without a terminal the node's console does not show when it has booted",
            "Take `tty` away.",
        ));
    }
    out
}

/// What a machine refuses.
pub(super) fn check(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let mut out = refusals::privileged(input, facts);
    out.extend(refusals::own_engine(input));
    out.extend(refusals::root_user(input));
    out.extend(refuse_init(input));
    if facts.is_some_and(|facts| facts.cgroup_driver == "none") {
        out.push(refusal(
            "engine",
            "the engine that is to run it gives its containers no cgroups, and systemd needs them",
            "Use `engine: dind` or `engine: podman` here, or run that engine on cgroup v2 or with root.",
        ));
    }
    // Units of both Docker's and Debian's packages start dockerd with `-H fd://`.
    out.extend(refusals::daemon_config(input, &[], true));
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kind::test_node::{Node, mount, tmpfs};

    #[test]
    fn the_node_is_a_machine_whose_init_is_the_images() {
        let profile = profile(&Node::plain("systemd").input());
        let spec = &profile.spec;
        assert!(spec.privileged && spec.tty);
        assert_eq!((spec.init, spec.wrapper.as_ref(), spec.command.as_ref()), (Some(false), None, None));
        assert_eq!(spec.stop_signal.as_deref(), Some("SIGRTMIN+3"));
        assert_eq!(spec.security_opt, ["seccomp=unconfined", "apparmor=unconfined"]);
        assert_eq!(spec.environment.get("container"), Some(&Some("docker".to_owned())));
        for (target, options) in [("/tmp", "exec,mode=1777"), ("/run", ""), ("/run/lock", "")] {
            assert_eq!(tmpfs(spec, target), Some(options), "{target}");
        }
        assert!(mount(spec, "/lib/modules").is_some_and(|mount| mount.read_only));
        let data: Vec<&str> = profile.data.iter().map(|data| data.target.as_str()).collect();
        assert_eq!(data, ["/var/lib/docker", "/var/lib/containerd"]);
        assert_eq!(profile.boot, Some(BOOTED));
        assert_eq!(profile.ready_timeout, Duration::from_secs(120));
    }

    #[test]
    fn an_init_of_the_engine_or_no_terminal_is_refused() {
        let mut node = Node::plain("systemd");
        node.spec.init = Some(true);
        node.write("tty");
        let keys: Vec<&str> = check(&node.input(), None).iter().map(|refusal| refusal.key).collect();
        assert_eq!(keys, ["init", "tty"]);
        node.spec.init = Some(false);
        node.spec.tty = true;
        assert_eq!(check(&node.input(), None), []);
    }
    #[test]
    fn an_engine_without_cgroups_cannot_run_systemd() {
        let facts = |driver: &str| Facts { cgroup_driver: driver.to_owned(), ..Facts::default() };
        let node = Node::plain("systemd");
        assert_eq!(check(&node.input(), Some(&facts("cgroupfs"))), []);
        assert_eq!(check(&node.input(), Some(&facts("none"))).len(), 1);
    }
}
