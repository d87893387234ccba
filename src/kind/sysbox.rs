//! `sysbox`: a node without privileges, run by Nestybox's runtime.
//!
//! The node is as `dind` without what Sysbox does itself (cgroups, modules, devices), so that changing one word
//! moves a node from one to the other; where the file's own program is `/sbin/init` it is as `systemd`.
//! Source: ENGINES.md 2e.

use super::kind::{Hosting, Kind, NodeInput, Profile, Refusal};
use super::refusals::refusal;
use super::start_script::Start;
use super::{certificates, daemon_config, dial_script, dind, fill, refusals, systemd};
use crate::kind::kind::START_SCRIPT;
use crate::model::facts::Facts;

const RUNTIME: &str = "sysbox-runc";
const IMAGE: &str = "docker:dind";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "sysbox",
    doc: "A node without privileges, run by the Sysbox runtime, with its own dockerd (or systemd).",
    default_image: Some(IMAGE),
    options: &[
        "args",
        "config",
        "data",
        "address_pool",
        "mtu",
        "registry_mirrors",
        "insecure_registries",
        "ssh",
        "ca",
    ],
    hosting: Hosting::Own,
    socket: Some(dind::SOCKET),
    profile,
    check,
};

/// What PID 1 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// dockerd, by nestctl's line.
    Dockerd,
    /// `/sbin/init`: Sysbox sees systemd by this very word as the first of the line, and then mounts /run and
    /// /run/lock itself (sysbox-runc `spec.go`, `systemdInit`).
    Init,
    /// Something of the file's that starts dockerd.
    Other,
}

fn program(input: &NodeInput) -> Program {
    let command = input.spec.command.as_deref().unwrap_or_default();
    let entrypoint = input.spec.entrypoint.as_deref().unwrap_or_default();
    match entrypoint.iter().chain(command).next().map(String::as_str) {
        Some("/sbin/init") => Program::Init,
        Some(first) if entrypoint.is_empty() && (first == "dockerd" || first.starts_with('-')) => {
            Program::Dockerd
        }
        Some(_) => Program::Other,
        None => Program::Dockerd,
    }
}

/// The words that reach dockerd as flags.
fn words(input: &NodeInput) -> Vec<String> {
    match program(input) {
        Program::Dockerd => fill::daemon_words(input, "dockerd"),
        Program::Init | Program::Other => Vec::new(),
    }
}

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    spec.runtime = Some(RUNTIME.to_owned());
    let program = program(input);
    let (start, seconds) = match program {
        Program::Init => {
            systemd::as_init(&mut spec);
            systemd::as_vm(&mut spec);
            (Start::Systemd, 120)
        }
        Program::Dockerd | Program::Other => {
            spec.wrapper = Some(START_SCRIPT.to_owned());
            fill::tmpfs(&mut spec, "/run", "");
            fill::grace(&mut spec, dind::GRACE);
            (Start::Dockerd, 60)
        }
    };
    if program == Program::Dockerd {
        spec.command = Some(dind::line(input, dind::SOCKET));
    }
    let data = fill::data(&mut spec, input, &[dind::DATA], "");
    let mut files = start.files();
    files.extend(daemon_config::file(input, &words(input), daemon_config::PATH, 0));
    files.extend(certificates::files(input));
    files.extend(certificates::authorized_keys(input));
    Profile {
        spec,
        data,
        files,
        boot: (program == Program::Init).then_some(systemd::BOOTED),
        dial: dial_script::docker(dind::SOCKET, Some("0")),
        ready_timeout: fill::ready_timeout(input, seconds),
    }
}

fn check(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let spec = input.spec;
    let mut out = refusals::own_engine(input);
    if spec.privileged {
        out.push(refusal(
            "privileged",
            "Sysbox runs nothing privileged",
            "Take `privileged` away: a Sysbox node needs no privileges. Or use `engine: dind`.",
        ));
    }
    if spec.userns.as_deref() == Some("host") {
        out.push(refusal(
            "userns_mode",
            "Sysbox gives each node a user namespace of its own",
            "Take `userns_mode` away.",
        ));
    }
    if spec.runtime.as_deref().is_some_and(|runtime| runtime != RUNTIME) {
        out.push(refusal("runtime", "a Sysbox node is run by `sysbox-runc`", "Take `runtime` away."));
    }
    if program(input) == Program::Init {
        out.extend(systemd::refuse_init(input));
        if !input.options.args.is_empty() {
            out.push(refusal(
                "engine.args",
                "systemd starts its engine, by the line of its docker.service",
                "Use `config`, which is merged into daemon.json.",
            ));
        }
    } else {
        out.extend(refusals::root_user(input));
    }
    out.extend(refusals::daemon_config(input, &words(input), program(input) != Program::Other));
    if input.outer.contains(&KIND.name) {
        out.push(refusal(
            "engine",
            "Sysbox does not run inside Sysbox",
            "Use `engine: dind` here: inside a Sysbox node its privileges end at that node.",
        ));
    } else if facts.is_some_and(|facts| !facts.runtimes.iter().any(|runtime| runtime == RUNTIME)) {
        out.push(refusal(
            "engine",
            "the engine that is to run it has no runtime `sysbox-runc`",
            "Install Sysbox 0.7.0 or newer on that machine (github.com/nestybox/sysbox) and register its runtime \
             with the engine, or use `engine: dind`, which is privileged.",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::kind::DataVolume;
    use crate::kind::test_node::{Node, mount, tmpfs};

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn keys(node: &Node, facts: Option<&Facts>) -> Vec<&'static str> {
        check(&node.input(), facts).iter().map(|refusal| refusal.key).collect()
    }

    #[test]
    fn the_node_has_the_runtime_and_no_privileges() {
        let profile = profile(&Node::default().input());
        let spec = &profile.spec;
        assert_eq!(spec.runtime.as_deref(), Some("sysbox-runc"));
        assert!(!spec.privileged && spec.security_opt.is_empty());
        assert_eq!((spec.cgroup.as_ref(), mount(spec, "/lib/modules")), (None, None));
        assert_eq!(spec.command, Some(list(&["dockerd", "--host=unix:///var/run/docker.sock"])));
        assert_eq!(tmpfs(spec, "/run"), Some(""));
        assert_eq!(profile.data, [DataVolume { target: "/var/lib/docker".to_owned(), layout: "docker" }]);
    }

    #[test]
    fn a_node_whose_program_is_init_boots_as_a_machine() {
        for by_entrypoint in [true, false] {
            let mut node = Node::default();
            let init = Some(list(&["/sbin/init", "--log-level=err"]));
            *(if by_entrypoint { &mut node.spec.entrypoint } else { &mut node.spec.command }) = init;
            let profile = profile(&node.input());
            // A wrapper would stand before the word by which Sysbox sees systemd.
            assert_eq!(profile.spec.wrapper, None);
            assert_eq!(profile.spec.command, node.spec.command);
            assert!(profile.spec.tty && !profile.spec.privileged);
            assert_eq!(profile.boot, Some(systemd::BOOTED));
            node.options.args = vec!["--debug".to_owned()];
            assert_eq!(keys(&node, None), ["engine.args"]);
        }
    }

    #[test]
    fn a_program_of_the_files_own_is_left_as_it_is() {
        let mut node = Node::default();
        node.spec.entrypoint = Some(list(&["/start-everything"]));
        assert_eq!(profile(&node.input()).spec.command, None);
        node.spec.entrypoint = None;
        node.spec.command = Some(list(&["supervisord", "-n"]));
        assert_eq!(profile(&node.input()).spec.command, node.spec.command);
        node.spec.command = Some(list(&["--debug"]));
        assert_eq!(
            profile(&node.input()).spec.command,
            Some(list(&["dockerd", "--host=unix:///var/run/docker.sock", "--debug"]))
        );
    }

    #[test]
    fn what_sysbox_cannot_do_is_refused() {
        let mut node = Node::default();
        node.spec.privileged = true;
        node.spec.userns = Some("host".to_owned());
        node.spec.runtime = Some("runc".to_owned());
        node.outer = vec!["sysbox", "dind"];
        assert_eq!(keys(&node, None), ["privileged", "userns_mode", "runtime", "engine"]);
    }

    #[test]
    fn an_engine_without_the_runtime_is_told_before_anything_is_made() {
        let node = Node::default();
        let mut facts = Facts { runtimes: vec!["runc".to_owned()], ..Facts::default() };
        assert_eq!(keys(&node, Some(&facts)), ["engine"]);
        facts.runtimes.push("sysbox-runc".to_owned());
        assert_eq!(keys(&node, Some(&facts)), Vec::<&str>::new());
        assert_eq!(keys(&node, None), Vec::<&str>::new());
    }
}
