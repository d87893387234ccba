//! What an editor completes and shows: words and sentences at the places where it asks for them. Tried with the YAML
//! language server, which takes the words of `const` and `enum`, the keys of `properties`, and each `description`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::kind::kinds::KINDS;

/// Every key of the Compose specification's schema, by its way from the root; names of the user's and items of lists
/// are left out of the way.
const SPECIFICATION: &str = include_str!("../../../tests/fixtures/spec/keys-of-the-specification.txt");

fn schema() -> Value {
    serde_json::from_str(super::TEXT).expect("the schema is JSON")
}

/// The alternatives that a schema stands for.
fn alternatives<'a>(root: &'a Value, schema: &'a Value, out: &mut Vec<&'a Value>) {
    out.push(schema);
    if let Some(path) = schema["$ref"].as_str() {
        let target = root.pointer(path.trim_start_matches('#')).expect("a definition");
        alternatives(root, target, out);
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for one in schema[word].as_array().into_iter().flatten() {
            alternatives(root, one, out);
        }
    }
}

/// The schemas at `key` below a schema, through lists and names of the user's. `None`: anything may stand there.
fn below<'a>(root: &'a Value, schema: &'a Value, key: &str) -> Option<Vec<&'a Value>> {
    let (mut open, mut seen, mut out) = (vec![schema], BTreeSet::new(), Vec::new());
    while let Some(schema) = open.pop() {
        let mut all = Vec::new();
        alternatives(root, schema, &mut all);
        if all.iter().all(|one| is_anything(one)) {
            return None;
        }
        for one in all {
            if !seen.insert(std::ptr::from_ref(one)) {
                continue;
            }
            if let Some(found) = one["properties"].get(key) {
                out.push(found);
            } else {
                open.extend(
                    [&one["items"], &one["additionalProperties"]].into_iter().filter(|more| more.is_object()),
                );
            }
        }
    }
    Some(out)
}

/// Whether a schema says nothing of what may stand there.
fn is_anything(schema: &Value) -> bool {
    schema.as_object().is_none_or(|words| {
        words.keys().all(|word| matches!(word.as_str(), "description" | "examples" | "default" | "$ref"))
    })
}

/// The schemas at the end of a way of keys.
fn at<'a>(root: &'a Value, way: &str) -> Option<Vec<&'a Value>> {
    let mut here = vec![root];
    for key in way.split('.') {
        let mut next = Vec::new();
        for schema in here {
            next.extend(below(root, schema, key)?);
        }
        here = next;
    }
    Some(here)
}

/// Words that a place offers, each with its sentence.
fn words(root: &Value, way: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for schema in at(root, way).unwrap_or_default() {
        let mut all = Vec::new();
        alternatives(root, schema, &mut all);
        for one in all {
            let sentence = one["description"].as_str().unwrap_or_default().to_owned();
            let listed = one["enum"].as_array().into_iter().flatten();
            for word in listed.chain(one.get("const")).filter_map(Value::as_str) {
                out.insert(word.to_owned(), sentence.clone());
            }
        }
    }
    out
}

#[test]
fn an_editor_is_offered_every_kind_of_engine_with_its_sentence() {
    let schema = schema();
    let kinds: BTreeMap<String, String> =
        KINDS.iter().map(|kind| (kind.name.to_owned(), kind.doc.to_owned())).collect();
    for way in ["services.engine", "services.engine.kind", "services.inner.services.engine"] {
        let mut offered = words(&schema, way);
        offered.retain(|word, _| word != "volume" && word != "tmpfs");
        assert_eq!(offered, kinds, "{way}");
    }
}

#[test]
fn an_editor_is_offered_the_words_of_a_key() {
    let schema = schema();
    for (way, wanted) in [
        ("services.depends_on.condition", "service_ready"),
        ("services.volumes.type", "tmpfs"),
        ("services.engine.data", "tmpfs"),
    ] {
        assert!(words(&schema, way).contains_key(wanted), "{way} does not offer `{wanted}`");
    }
}

#[test]
fn an_editor_is_offered_every_word_that_the_specification_lists() {
    let schema = schema();
    for (way, wanted) in [
        ("services.restart", "always no on-failure unless-stopped"),
        ("services.pull_policy", "always build daily every_12h if_not_present missing never refresh weekly"),
        ("services.network_mode", "bridge host none"),
        ("services.cgroup", "host private"),
        ("services.ipc", "host none private shareable"),
        ("services.pid", "host"),
        ("services.uts", "host"),
        ("services.userns_mode", "host"),
        ("services.gpus", "all"),
        ("services.isolation", "default"),
        ("services.volumes.type", "bind cluster image npipe tmpfs volume"),
        ("services.volumes.consistency", "cached consistent delegated"),
        ("services.volumes.bind.propagation", "private rprivate rshared rslave shared slave"),
        ("services.volumes.bind.selinux", "Z z"),
        ("services.volumes.bind.recursive", "disabled enabled readonly writable"),
        ("services.ports.mode", "host ingress"),
        ("services.ports.protocol", "sctp tcp udp"),
        ("services.build.network", "default host none"),
        ("services.build.isolation", "default"),
        ("services.env_file.format", "raw"),
        ("services.deploy.mode", "global global-job replicated replicated-job"),
        ("services.deploy.endpoint_mode", "dnsrr vip"),
        ("services.deploy.restart_policy.condition", "always any no none on-failure unless-stopped"),
        ("services.deploy.update_config.failure_action", "continue pause rollback"),
        ("services.deploy.update_config.order", "start-first stop-first"),
        ("services.develop.watch.action", "rebuild restart sync sync+exec sync+restart"),
        (
            "services.depends_on.condition",
            "service_completed_successfully service_healthy service_ready service_started",
        ),
    ] {
        let offered: Vec<String> = words(&schema, way).into_keys().collect();
        assert_eq!(offered.join(" "), wanted, "{way}");
    }
}

#[test]
fn every_key_has_a_sentence_for_an_editor_to_show() {
    let schema = schema();
    let definitions = schema["definitions"].as_object().expect("definitions");
    let mut silent = Vec::new();
    for (name, definition) in definitions.iter().chain([(&"the root".to_owned(), &schema)]) {
        for (key, value) in definition["properties"].as_object().into_iter().flatten() {
            let mut all = Vec::new();
            alternatives(&schema, value, &mut all);
            if !all.iter().any(|one| one["description"].is_string()) {
                silent.push(format!("{name}.{key}"));
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_key_of_the_specification_is_in_the_schema() {
    let schema = schema();
    let missing: Vec<&str> =
        SPECIFICATION.lines().filter(|way| at(&schema, way).is_some_and(|found| found.is_empty())).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
