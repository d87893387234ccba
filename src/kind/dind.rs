//! `dind`: dockerd in a privileged container, on a unix socket only.
//!
//! Source: ENGINES.md 2b, 8, 10.

use super::kind::{Hosting, Kind, NodeInput, Profile, Refusal};
use super::start_script::Start;
use super::{certificates, daemon_config, dial_script, fill, refusals};
use crate::kind::kind::START_SCRIPT;
use crate::model::facts::Facts;

/// dockerd's socket.
pub(super) const SOCKET: &str = "/var/run/docker.sock";
/// dockerd's data root. dockerd starts its own containerd, whose store lies within.
pub(super) const DATA: (&str, &str) = ("/var/lib/docker", "docker");
/// dockerd waits 15 s for its containers and would be killed after the engine's usual 10.
pub(super) const GRACE: u64 = 30;
/// Keys of `engine:` that a dockerd of nestctl's own line understands.
pub(super) const OPTIONS: &[&str] =
    &["args", "config", "data", "address_pool", "mtu", "registry_mirrors", "insecure_registries", "ca"];
const IMAGE: &str = "docker:dind";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "dind",
    doc: "Docker in Docker: a privileged node with its own dockerd, on a unix socket only.",
    default_image: Some(IMAGE),
    options: OPTIONS,
    hosting: Hosting::Own,
    socket: Some(SOCKET),
    profile,
    check,
};

/// dockerd's line: the one flag that is nestctl's, then the file's words. A first word `dockerd` keeps the image's
/// entrypoint from adding listeners of its own (docker-library `dockerd-entrypoint.sh`).
pub(super) fn line(input: &NodeInput, socket: &str) -> Vec<String> {
    let mut line = vec!["dockerd".to_owned()];
    let words = fill::daemon_words(input, "dockerd");
    let host = format!("unix://{socket}");
    // A socket that is listened on twice stops dockerd.
    let is_host = |(i, word): (usize, &String)| {
        word.strip_prefix("--host=") == Some(&host)
            || (*word == host
                && i.checked_sub(1).is_some_and(|i| matches!(words[i].as_str(), "-H" | "--host")))
    };
    if !words.iter().enumerate().any(is_host) {
        line.push(format!("--host={host}"));
    }
    line.extend(words);
    line
}

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    let words = fill::daemon_words(input, "dockerd");
    spec.privileged = true;
    spec.cgroup.get_or_insert_with(|| "private".to_owned());
    spec.wrapper = Some(START_SCRIPT.to_owned());
    spec.command = Some(line(input, SOCKET));
    // A killed node has its old process number in /run, and dockerd then never starts again.
    fill::tmpfs(&mut spec, "/run", "");
    fill::kernel_modules(&mut spec, input);
    fill::grace(&mut spec, GRACE);
    let data = fill::data(&mut spec, input, &[DATA], "");
    let mut files = Start::Dockerd.files();
    files.extend(daemon_config::file(input, &words, daemon_config::PATH, 0));
    files.extend(certificates::files(input));
    Profile {
        spec,
        data,
        files,
        boot: None,
        dial: dial_script::docker(SOCKET, Some("0")),
        ready_timeout: fill::ready_timeout(input, 60),
    }
}

fn check(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let words = fill::daemon_words(input, "dockerd");
    let mut out = refusals::privileged(input, facts);
    out.extend(refusals::own_engine(input));
    out.extend(refusals::root_user(input));
    out.extend(refusals::daemon_config(input, &words, true));
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kind::kind::DataVolume;
    use crate::kind::test_node::{Node, mount, tmpfs};
    use crate::model::container::{BindPath, Mount, MountSource};

    #[test]
    fn the_node_is_as_the_sheet_says() {
        let profile = profile(&Node::default().input());
        let spec = &profile.spec;
        assert!(spec.privileged);
        assert_eq!(spec.cgroup.as_deref(), Some("private"));
        assert_eq!(
            spec.command.as_deref(),
            Some(&["dockerd", "--host=unix:///var/run/docker.sock"].map(str::to_owned)[..])
        );
        assert_eq!(spec.entrypoint, None);
        assert_eq!(spec.stop_grace_period, Some(Duration::from_secs(30)));
        assert_eq!(tmpfs(spec, "/run"), Some(""));
        let modules = MountSource::bind(BindPath::Engine("/lib/modules".to_owned()), true);
        let modules =
            Mount { target: "/lib/modules".to_owned(), source: modules, read_only: true, consistency: None };
        assert_eq!(mount(spec, "/lib/modules"), Some(&modules));
        assert_eq!(spec.mounts.len(), 2);
        assert_eq!(profile.data, [DataVolume { target: "/var/lib/docker".to_owned(), layout: "docker" }]);
        assert_eq!(profile.boot, None);
        assert_eq!(profile.ready_timeout, Duration::from_secs(60));
        assert!(spec.ports.is_empty() && spec.init.is_none());
    }

    #[test]
    fn what_the_file_says_wins() {
        let mut node = Node::default();
        node.spec.cgroup = Some("host".to_owned());
        node.spec.stop_grace_period = Some(Duration::from_secs(5));
        node.spec.entrypoint = Some(vec!["/init".to_owned()]);
        node.options.ready_timeout = Some(Duration::from_secs(7));
        node.options.args = vec!["--debug".to_owned()];
        node.spec.command = Some(vec!["--tlsverify".to_owned()]);
        let profile = profile(&node.input());
        assert_eq!(profile.spec.cgroup, node.spec.cgroup);
        assert_eq!(profile.spec.stop_grace_period, node.spec.stop_grace_period);
        assert_eq!(profile.spec.entrypoint, node.spec.entrypoint);
        assert_eq!(profile.ready_timeout, Duration::from_secs(7));
        let command = ["dockerd", "--host=unix:///var/run/docker.sock", "--debug", "--tlsverify"];
        assert_eq!(profile.spec.command.unwrap_or_default(), command);
    }

    #[test]
    fn the_socket_is_listened_on_once() {
        let mut node = Node::default();
        for words in [&["--host=unix:///var/run/docker.sock"][..], &["-H", "unix:///var/run/docker.sock"]] {
            node.options.args = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(line(&node.input(), SOCKET)[1..], node.options.args);
        }
        node.options.args = vec!["--host=tcp://0.0.0.0:2375".to_owned()];
        assert_eq!(
            line(&node.input(), SOCKET),
            ["dockerd", "--host=unix:///var/run/docker.sock", "--host=tcp://0.0.0.0:2375"]
        );
    }

    #[test]
    fn it_refuses_what_its_engine_cannot_live_with() {
        let mut node = Node::default();
        node.write("privileged");
        node.spec.read_only = true;
        node.spec.user = Some("1000".to_owned());
        let keys: Vec<&str> = check(&node.input(), None).iter().map(|refusal| refusal.key).collect();
        assert_eq!(keys, ["privileged", "read_only", "user"]);
    }
}
