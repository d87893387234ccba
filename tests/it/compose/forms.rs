//! The fixtures together use every key and every form of the specification.
//!
//! `forms.txt` is made from the specification's schema (compose-spec `schema/compose-spec.json`): one line a key and
//! form, `*` for names, `[]` for items. What the peer does not take stands in fixtures of `compose-against`, and in those of
//! `compose-refused` that hold its words. `forms_elsewhere.txt`: beginnings of lines that no fixture has, and why.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

const FORMS: &str = include_str!("forms.txt");
const ELSEWHERE: &str = include_str!("forms_elsewhere.txt");

/// The forms of a value and of all below it, by the paths of the specification.
pub(super) fn walk(value: &Value, at: &str, keys: &BTreeSet<&str>, out: &mut BTreeSet<String>) {
    let form = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    };
    out.insert(format!("{at} {form}"));
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{at}[]"), keys, out)),
        Value::Object(map) => {
            for (key, value) in map {
                let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
                let known = [below(key), below("*")].into_iter().find(|path| keys.contains(path.as_str()));
                if let Some(path) = known {
                    walk(value, &path, keys, out);
                }
            }
        }
        _ => {}
    }
}

fn texts(directory: &Path, out: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            out.push(fs::read_to_string(path).expect("text"));
        }
    }
}

/// All YAML of these kinds of fixtures.
pub(super) fn fixture_texts(kinds: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for kind in kinds {
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind), &mut out);
    }
    out
}

#[test]
fn fixtures_use_every_key_and_form() {
    let keys: BTreeSet<&str> = FORMS.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut files = fixture_texts(&["compose", "compose-build", "compose-against"]);
    for refused in super::engine_case::fixtures("compose-refused") {
        if refused.join("peer").exists() {
            texts(&refused, &mut files);
        }
    }
    let mut used = BTreeSet::new();
    // Tags of merging are no part of a document's data.
    for text in files.iter().filter(|text| !text.contains("!reset")) {
        let value: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        walk(&value, "", &keys, &mut used);
    }
    let elsewhere: Vec<&str> =
        ELSEWHERE.lines().map(|line| line.split_once(" — ").expect("a reason").0).collect();
    let missing: Vec<&str> = FORMS.lines().filter(|line| !used.contains(*line)).collect();
    let untold: Vec<&&str> =
        missing.iter().filter(|line| !elsewhere.iter().any(|start| line.starts_with(start))).collect();
    assert!(untold.is_empty(), "no fixture has {untold:#?}");
    for start in elsewhere {
        assert!(missing.iter().any(|line| line.starts_with(start)), "fixtures have all of `{start}`");
    }
}
