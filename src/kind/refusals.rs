//! Why a node cannot work, where the reason is common to several kinds.

use super::address_pool::AddressPool;
use super::daemon_config;
use super::kind::{Hosting, NodeInput, Refusal};
use super::kinds;
use crate::model::container::NetworkMode;
use crate::model::facts::Facts;

/// Nodes with an engine of their own that may lie in one another: the kernel nests 32 PID namespaces, the machine's
/// included, and the innermost containers need one (ENGINES.md P5).
const DEEPEST: usize = 30;

/// One refusal.
pub(super) fn refusal(key: &'static str, message: impl Into<String>, help: &str) -> Refusal {
    Refusal { key, message: message.into(), help: Some(help.to_owned()) }
}

/// What no node with an engine of its own can do.
pub(super) fn own_engine(input: &NodeInput) -> Vec<Refusal> {
    let mut out = Vec::new();
    if input.spec.network_mode == Some(NetworkMode::Host) {
        out.push(refusal(
            "network_mode",
            "the inner engine would write its bridges and firewall rules into the host's network",
            "Take `network_mode` away, and publish ports with `ports` or `publish`.",
        ));
    }
    if input.spec.read_only {
        out.push(refusal(
            "read_only",
            "a node's engine writes to its root file system",
            "Take `read_only` away; the services inside may have it.",
        ));
    }
    if input.spec.pid.as_deref() == Some("host") {
        out.push(refusal(
            "pid",
            "the inner engine would see the processes of the host, and end with none of its own",
            "Take `pid` away.",
        ));
    }
    if let Some(pool) = &input.options.address_pool
        && let Err(why) = AddressPool::parse(&pool.value)
    {
        out.push(refusal(
            "engine.address_pool",
            format!("`{}` {why}", pool.value),
            "Write an IPv4 range from which the inner engine may take its networks, such as `10.201.0.0/16`.",
        ));
    }
    let engines = input
        .outer
        .iter()
        .filter(|name| kinds::find(name).is_none_or(|kind| kind.hosting == Hosting::Own))
        .count();
    if engines >= DEEPEST {
        out.push(refusal(
            "engine",
            format!("it lies in {engines} engines; the kernel nests no more than {DEEPEST}"),
            "Move the node outwards.",
        ));
    }
    out
}

/// What no privileged node can do, given the engine that is to run it.
pub(super) fn privileged(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let mut out = Vec::new();
    if !input.spec.privileged && input.written.contains("privileged") {
        out.push(refusal(
            "privileged",
            "its engine needs `privileged: true`, which this kind sets by itself",
            "Take `privileged` away, or use `engine: sysbox`, which needs no privileges.",
        ));
    }
    let remaps = |facts: &Facts| facts.security.iter().any(|option| option.contains("name=userns"));
    if facts.is_some_and(remaps) && input.spec.userns.as_deref() != Some("host") {
        out.push(refusal(
            "userns_mode",
            "the engine that is to run it remaps users, and runs nothing privileged so",
            "Add `userns_mode: host` to the node.",
        ));
    }
    out
}

/// An engine that runs as root in a node that does not.
pub(super) fn root_user(input: &NodeInput) -> Option<Refusal> {
    let user = input.spec.user.as_deref()?;
    let name = user.split(':').next().unwrap_or(user);
    if matches!(name, "" | "0" | "root") {
        return None;
    }
    Some(refusal(
        "user",
        format!("its engine runs as root, not as `{name}`"),
        "Take `user` away, or use `engine: dind-rootless`.",
    ))
}

/// What dockerd's configuration file cannot hold, `words` being the arguments of the daemon.
pub(super) fn daemon_config(input: &NodeInput, words: &[String], has_host_flag: bool) -> Vec<Refusal> {
    let Some(config) = daemon_config::written(input) else {
        return vec![refusal(
            "engine.config",
            "it is no mapping of dockerd's directives",
            "Write what is to stand in daemon.json.",
        )];
    };
    let mut out = Vec::new();
    for key in config.keys() {
        if has_host_flag && key == "hosts" {
            out.push(refusal(
                "engine.config",
                "`hosts` is set by a flag of the daemon, and dockerd stops when a directive is both",
                "Take `hosts` away. Where the kind has `args`, add `--host=…` there for a further listener.",
            ));
        } else if let Some(word) = words.iter().find(|word| daemon_config::is_flag_of(word, key)) {
            out.push(refusal(
                "engine.config",
                format!("`{key}` is also the argument `{word}`, and dockerd stops when a directive is both"),
                "Keep one of them.",
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, spanned};

    fn keys(refusals: &[Refusal]) -> Vec<&'static str> {
        refusals.iter().map(|refusal| refusal.key).collect()
    }

    #[test]
    fn what_breaks_any_engine_is_refused_at_its_key() {
        let mut node = Node::default();
        assert_eq!(own_engine(&node.input()), []);
        node.spec.network_mode = Some(NetworkMode::Host);
        node.spec.read_only = true;
        node.spec.pid = Some("host".to_owned());
        node.options.address_pool = Some(spanned("fd00::/64"));
        assert_eq!(
            keys(&own_engine(&node.input())),
            ["network_mode", "read_only", "pid", "engine.address_pool"]
        );
    }

    #[test]
    fn the_network_of_a_sibling_is_allowed() {
        let mut node = Node::default();
        node.spec.network_mode = Some(NetworkMode::Service("other".to_owned()));
        assert_eq!(own_engine(&node.input()), []);
    }

    #[test]
    fn only_engines_of_their_own_count_for_the_depth() {
        let mut node = Node { outer: vec!["dind"; DEEPEST - 1], ..Node::default() };
        node.outer.extend(["socket"; 5]);
        assert_eq!(own_engine(&node.input()), []);
        node.outer.push("podman");
        assert_eq!(keys(&own_engine(&node.input())), ["engine"]);
    }

    #[test]
    fn privileges_that_the_file_denies_are_told_from_silence() {
        let mut node = Node::default();
        assert_eq!(privileged(&node.input(), None), []);
        node.write("privileged");
        assert_eq!(keys(&privileged(&node.input(), None)), ["privileged"]);
        node.spec.privileged = true;
        assert_eq!(privileged(&node.input(), None), []);
    }

    #[test]
    fn an_engine_that_remaps_users_needs_the_hosts_namespace() {
        let facts = Facts { security: vec!["name=userns".to_owned()], ..Facts::default() };
        let mut node = Node::default();
        assert_eq!(keys(&privileged(&node.input(), Some(&facts))), ["userns_mode"]);
        assert_eq!(privileged(&node.input(), Some(&Facts::default())), []);
        node.spec.userns = Some("host".to_owned());
        assert_eq!(privileged(&node.input(), Some(&facts)), []);
    }

    #[test]
    fn a_user_other_than_root_is_refused() {
        let mut node = Node::default();
        for (user, refused) in [("root", false), ("0:0", false), ("1000", true), ("me:docker", true)] {
            node.spec.user = Some(user.to_owned());
            assert_eq!(root_user(&node.input()).is_some(), refused, "{user}");
        }
    }

    #[test]
    fn a_directive_that_is_also_a_flag_is_refused() {
        let mut node = Node::default();
        node.options.config = Some(spanned(r#"{"hosts": [], "labels": ["a=b"], "debug": true}"#));
        let words = ["--label=c=d".to_owned()];
        let found = daemon_config(&node.input(), &words, true);
        assert_eq!(found.len(), 2);
        assert!(found[0].message.contains("`hosts`") && found[1].message.contains("`--label=c=d`"));
        assert_eq!(daemon_config(&node.input(), &[], false), []);
        node.options.config = Some(spanned("[1]"));
        assert_eq!(keys(&daemon_config(&node.input(), &[], false)), ["engine.config"]);
    }
}
