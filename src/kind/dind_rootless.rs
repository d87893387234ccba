//! `dind-rootless`: dockerd as uid 1000 under rootlesskit, in a privileged container.
//!
//! No start script: rootlesskit's own network has a resolver of its own (10.0.2.3), and uid 1000 could write none
//! of the files that the script writes.
//! Source: ENGINES.md 2c, 10.

use super::kind::{CERTIFICATES, Hosting, Kind, NodeInput, Profile, Refusal};
use super::refusals::refusal;
use super::{certificates, daemon_config, dial_script, dind, fill, refusals};
use crate::model::facts::Facts;

const SOCKET: &str = "/run/user/1000/docker.sock";
const UID: u32 = 1000;
const DATA: (&str, &str) = ("/home/rootless/.local/share/docker", "docker-rootless");
const CONFIG: &str = "/home/rootless/.config/docker/daemon.json";
const IMAGE: &str = "docker:dind-rootless";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "dind-rootless",
    doc: "Docker in Docker whose dockerd runs as an ordinary user of the node; the node itself is privileged.",
    default_image: Some(IMAGE),
    options: dind::OPTIONS,
    hosting: Hosting::Own,
    socket: Some(SOCKET),
    profile,
    check,
};

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    let words = fill::daemon_words(input, "dockerd");
    spec.privileged = true;
    spec.cgroup.get_or_insert_with(|| "private".to_owned());
    spec.command = Some(dind::line(input, SOCKET));
    // Process numbers and sockets of a killed node go; the entrypoint makes the user's directory in it.
    fill::tmpfs(&mut spec, "/run/user", "mode=1777");
    if !input.options.ca.is_empty() {
        // Go reads the machine's bundle and every file of these directories.
        fill::environment(&mut spec, "SSL_CERT_DIR", &format!("/etc/ssl/certs:{CERTIFICATES}"));
    }
    fill::grace(&mut spec, dind::GRACE);
    let data = fill::data(&mut spec, input, &[DATA], ",uid=1000,gid=1000,mode=700");
    let mut files: Vec<_> = daemon_config::file(input, &words, CONFIG, UID).into_iter().collect();
    files.extend(certificates::files(input));
    Profile {
        spec,
        data,
        files,
        boot: None,
        dial: dial_script::docker(SOCKET, Some("1000")),
        ready_timeout: fill::ready_timeout(input, 60),
    }
}

fn check(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let words = fill::daemon_words(input, "dockerd");
    let mut out = refusals::privileged(input, facts);
    out.extend(refusals::own_engine(input));
    out.extend(refusals::daemon_config(input, &words, true));
    if let Some(user) = input.spec.user.as_deref()
        && !matches!(user.split(':').next(), Some("rootless" | "1000"))
    {
        out.push(refusal(
            "user",
            format!("its engine runs as uid 1000, not as `{user}`"),
            "Take `user` away, or use `engine: dind`.",
        ));
    }
    // A user namespace maps only ids that the one around it has, and both kinds have no more than 65536 of them.
    let around = input.outer.iter().find(|kind| matches!(**kind, "dind-rootless" | "sysbox"));
    if around.is_some() || facts.is_some_and(Facts::is_rootless) {
        let what = around.map_or("an engine without root".to_owned(), |kind| format!("a `{kind}` node"));
        out.push(refusal(
            "engine",
            format!("inside {what} there are no user ids left for its containers"),
            "Use `engine: dind` here: its privileges end where the engine around it ends.",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::kind::DataVolume;
    use crate::kind::test_node::{Node, tmpfs};
    use crate::model::dial::Dial;

    #[test]
    fn the_node_is_as_the_sheet_says() {
        let profile = profile(&Node::default().input());
        assert!(profile.spec.privileged);
        assert_eq!(profile.spec.wrapper, None);
        assert_eq!(profile.spec.user, None);
        assert_eq!(
            profile.spec.command.as_deref(),
            Some(&["dockerd", "--host=unix:///run/user/1000/docker.sock"].map(str::to_owned)[..])
        );
        assert_eq!(tmpfs(&profile.spec, "/run/user"), Some("mode=1777"));
        let target = "/home/rootless/.local/share/docker".to_owned();
        assert_eq!(profile.data, [DataVolume { target, layout: "docker-rootless" }]);
        let Dial::Exec { user, .. } = profile.dial else { panic!("an exec") };
        assert_eq!(user.as_deref(), Some("1000"));
    }

    #[test]
    fn the_configuration_is_where_a_user_has_it() {
        let node = Node { pool: Some("10.9.0.0/16"), ..Node::default() };
        let files = profile(&node.input()).files;
        let config = files.first().map(|file| (file.path.as_str(), file.uid, file.gid));
        assert_eq!(config, Some(("/home/rootless/.config/docker/daemon.json", 1000, 1000)));
    }

    #[test]
    fn another_user_is_refused() {
        let mut node = Node::default();
        for (user, refused) in [("1000:1000", false), ("rootless", false), ("root", true)] {
            node.spec.user = Some(user.to_owned());
            assert_eq!(!check(&node.input(), None).is_empty(), refused, "{user}");
        }
    }
    #[test]
    fn ids_of_a_namespace_cannot_be_split_again() {
        let keys = |node: &Node, facts: Option<&Facts>| -> Vec<&'static str> {
            check(&node.input(), facts).iter().map(|refusal| refusal.key).collect()
        };
        let mut node = Node { outer: vec!["dind"], ..Node::default() };
        assert_eq!(keys(&node, Some(&Facts::default())), Vec::<&str>::new());
        let rootless = Facts { security: vec!["name=rootless".to_owned()], ..Facts::default() };
        assert_eq!(keys(&node, Some(&rootless)), ["engine"]);
        for kind in ["sysbox", "dind-rootless"] {
            node.outer = vec![kind, "dind"];
            assert_eq!(keys(&node, None), ["engine"], "{kind}");
        }
    }
}
