//! dockerd's configuration file.
//!
//! Everything but `--host` is in daemon.json: a directive that is both a flag and in the file stops dockerd
//! (ENGINES.md 10), and the file's own flags are not nestctl's to know. The image's file is the base, nestctl's
//! directives go over it, and `engine.config` over those.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::address_pool::AddressPool;
use super::kind::NodeInput;
use crate::model::files::{Existing, PutFile};

/// Where dockerd reads it.
pub(super) const PATH: &str = "/etc/docker/daemon.json";

/// The object that `engine.config` holds; `None` when it is none.
pub(super) fn written(input: &NodeInput) -> Option<Map<String, Value>> {
    match &input.options.config {
        None => Some(Map::new()),
        Some(text) => serde_json::from_str(&text.value).ok(),
    }
}

/// Whether the flag `argument` of dockerd and the directive `key` are one setting: a flag that repeats is a list
/// with a plural name (moby `cmd/dockerd/config.go`).
pub(super) fn is_flag_of(argument: &str, key: &str) -> bool {
    let Some(flag) = argument.strip_prefix("--") else { return argument == "-H" && key == "hosts" };
    let flag = flag.split('=').next().unwrap_or(flag);
    flag == key
        || key.strip_suffix('s') == Some(flag)
        || key.strip_suffix("ies").zip(flag.strip_suffix('y')).is_some_and(|(a, b)| a == b)
}

/// The directives as nestctl and the file want them. Keys that `words`, the daemon's arguments, set are left to them.
fn directives(input: &NodeInput, words: &[String]) -> Map<String, Value> {
    let mut own = Map::new();
    if let Some(pool) = AddressPool::of(input) {
        own.insert("default-address-pools".to_owned(), json!([{"base": pool.base(), "size": pool.size()}]));
        own.insert("bip".to_owned(), json!(pool.bridge_address()));
    }
    if let Some(mtu) = input.options.mtu.or(input.mtu) {
        own.insert("mtu".to_owned(), json!(mtu));
    }
    if !input.options.registry_mirrors.is_empty() {
        own.insert("registry-mirrors".to_owned(), json!(input.options.registry_mirrors));
    }
    if !input.options.insecure_registries.is_empty() {
        own.insert("insecure-registries".to_owned(), json!(input.options.insecure_registries));
    }
    own.retain(|key, _| !words.iter().any(|word| is_flag_of(word, key)));
    merge(&mut own, written(input).unwrap_or_default());
    own
}

/// Lays `over` over `base`: objects key by key, all else replaced; `null` takes a key away (RFC 7396).
fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (_, Value::Null) => {
                base.remove(&key);
            }
            (Some(Value::Object(there)), Value::Object(new)) => merge(there, new),
            (_, Value::Object(new)) => {
                let mut clean = Map::new();
                merge(&mut clean, new);
                base.insert(key, Value::Object(clean));
            }
            (_, new) => {
                base.insert(key, new);
            }
        }
    }
}

/// The file at `path`, owned by `uid`; none when there is nothing to say.
pub(super) fn file(input: &NodeInput, words: &[String], path: &str, uid: u32) -> Option<PutFile> {
    let directives = directives(input, words);
    if directives.is_empty() {
        return None;
    }
    let mut value = Value::Object(directives);
    // One order for one content, whatever map serde_json was built with.
    value.sort_all_objects();
    let mut text =
        serde_json::to_string_pretty(&value).expect("a tree of JSON values is written without failing");
    text.push('\n');
    Some(PutFile {
        path: path.to_owned(),
        mode: 0o644,
        uid,
        gid: uid,
        content: Arc::from(text.into_bytes()),
        existing: Existing::MergeJson,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, spanned};

    fn text(node: &Node, words: &[&str]) -> Value {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let file = file(&node.input(), &words, PATH, 0).expect("a file");
        assert_eq!(file.existing, Existing::MergeJson);
        serde_json::from_slice(&file.content).expect("JSON")
    }

    fn full() -> Node {
        let mut node = Node { pool: Some("10.203.0.0/16"), mtu: Some(1450), ..Node::default() };
        node.options.registry_mirrors = vec!["http://mirror:5000".to_owned()];
        node.options.insecure_registries = vec!["registry:5000".to_owned()];
        node
    }

    #[test]
    fn everything_that_the_node_says_is_a_directive() {
        assert_eq!(
            text(&full(), &[]),
            json!({
                "bip": "10.203.0.1/24",
                "default-address-pools": [{"base": "10.203.0.0/16", "size": 24}],
                "insecure-registries": ["registry:5000"],
                "mtu": 1450,
                "registry-mirrors": ["http://mirror:5000"],
            })
        );
    }

    #[test]
    fn the_files_own_configuration_wins_and_null_takes_away() {
        let mut node = full();
        node.options.mtu = Some(1400);
        node.options.config = Some(spanned(
            r#"{"bip": null, "insecure-registries": ["other"], "builder": {"gc": {"enabled": true, "x": null}}}"#,
        ));
        let text = text(&node, &[]);
        assert_eq!(text.get("bip"), None);
        assert_eq!(text["mtu"], 1400);
        assert_eq!(text["insecure-registries"], json!(["other"]));
        assert_eq!(text["builder"], json!({"gc": {"enabled": true}}));
    }

    #[test]
    fn a_directive_that_is_a_flag_is_not_in_the_file() {
        let text = text(
            &full(),
            &["--insecure-registry=x", "--default-address-pool", "base=10.0.0.0/8,size=24", "--mtu=1300"],
        );
        assert_eq!(text, json!({"bip": "10.203.0.1/24", "registry-mirrors": ["http://mirror:5000"]}));
    }

    #[test]
    fn a_node_that_says_nothing_has_no_file() {
        assert_eq!(file(&Node::default().input(), &[], PATH, 0), None);
    }
}
