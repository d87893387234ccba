//! The fixtures together use every key, every form and every way of writing that the Compose files of public projects use.
//!
//! `facts.txt` has what those files use, and by which project; the files themselves stay where they are.

use std::collections::BTreeSet;

use super::forms::{fixture_texts, walk};

const FACTS: &str = include_str!("facts.txt");
const FORMS: &str = include_str!("forms.txt");

/// What no fixture needs, and why.
const EXCUSED: &[(&str, &str)] =
    &[("unknown services.*.depends", "a slip of one file: both tools refuse the key")];

/// Projects that were read, at the least.
const PROJECTS: usize = 30;

/// How a text is written, beside what it says: variables, anchors, tags and blocks.
fn features(text: &str, out: &mut BTreeSet<String>) {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    for line in lines {
        variables(line, out);
        let mut see = |found: bool, what: &str| {
            if found {
                out.insert(format!("syntax {what}"));
            }
        };
        let value =
            line.split_once(": ").map_or(line.trim_start().trim_start_matches("- "), |(_, value)| value);
        let value = value.trim();
        see(value.starts_with('&'), "anchor");
        let merges = line.contains("<<: *") || line.trim_start().starts_with("<<: [");
        see(value.starts_with('*') && !value.contains(' '), "alias");
        see(line.contains("<<: *"), "merge key of one");
        see(merges && line.contains("<<: ["), "merge key of several");
        see(line.contains("!reset"), "!reset");
        see(line.contains("!override"), "!override");
        see(matches!(value, "|" | "|-" | "|+"), "literal block");
        see(matches!(value, ">" | ">-" | ">+"), "folded block");
        if line.trim_start().trim_start_matches("- ").starts_with("x-") {
            let place = if line.starts_with("x-") { "the top" } else { "services.*" };
            out.insert(format!("extension at {place}"));
        }
    }
}

/// The forms of the variables of a line.
fn variables(line: &str, out: &mut BTreeSet<String>) {
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.insert("interpolation $$".to_owned());
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let name = inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let sign = [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|sign| name.starts_with(sign));
            let end = name.find('}').unwrap_or(name.len());
            out.insert(format!(
                "interpolation ${{NAME{}}}",
                sign.map_or(String::new(), |sign| format!("{sign}…"))
            ));
            if name[..end].contains('$') {
                out.insert("interpolation nested".to_owned());
            }
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            out.insert("interpolation $NAME".to_owned());
        }
    }
}

#[test]
fn fixtures_use_what_public_projects_use() {
    let projects = FACTS.lines().filter(|line| line.starts_with("project ")).count();
    assert!(projects >= PROJECTS, "{projects} projects");
    let keys: BTreeSet<&str> = FORMS.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut used = BTreeSet::new();
    for text in fixture_texts(&["compose", "compose-build", "compose-up", "compose-config"]) {
        features(&text, &mut used);
        if !text.contains("!reset") {
            let value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
            walk(&value, "", &keys, &mut used);
        }
    }
    let facts = FACTS.lines().filter_map(|line| line.split_once(" — ")).map(|(fact, _)| fact);
    let excused = |fact: &str| EXCUSED.iter().any(|(excused, _)| *excused == fact);
    let missing: Vec<&str> = facts.filter(|fact| !used.contains(*fact) && !excused(fact)).collect();
    assert!(missing.is_empty(), "no fixture has {missing:#?}");
}
