//! Several files of one layer → one tree, by Compose's rules of merging.
//!
//! Mappings merge key by key, a later scalar wins, lists are joined; except where a list stands for a mapping
//! (`environment`, `labels`: by name), for a set with an identity (`volumes`: by target; `ports`: by value), or for
//! one value (`command`, `entrypoint`, `healthcheck.test`: the later one wins). `!reset` removes what was before,
//! `!override` replaces it (Compose specification, "Merge and override").

use super::tree::{Key, Node, Value};

/// Lists that are one value.
const REPLACED: &[&str] = &["command", "entrypoint", "test", "engine", "inner"];
/// Lists of `KEY=value` that are mappings.
const MAPPINGS: &[&str] = &["environment", "labels", "sysctls", "driver_opts"];
/// Lists of names that are mappings with empty values.
const NAMES: &[&str] = &["networks", "depends_on"];

/// `over` merged over `base`.
pub(in crate::spec) fn merge(base: Node, over: Node) -> Node {
    node("", base, over)
}

fn node(key: &str, base: Node, over: Node) -> Node {
    match over.tag.as_deref() {
        Some("reset") => return Node::null(over.span),
        Some("override") => return over,
        _ => {}
    }
    if over.is_null() {
        return if base.is_null() { over } else { base };
    }
    let (base, over) = (as_mapping(key, base), as_mapping(key, over));
    let (span, tag) = (over.span, over.tag.clone());
    let value = match (base.value, over.value) {
        (Value::Map(base), Value::Map(over)) => Value::Map(mappings(base, over)),
        (Value::Seq(base), Value::Seq(over)) if !REPLACED.contains(&key) => {
            Value::Seq(lists(key, base, over))
        }
        (_, over) => over,
    };
    Node { span, tag, value }
}

fn mappings(base: Vec<(Key, Node)>, over: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let mut out = base;
    for (key, value) in over {
        let Some(at) = out.iter().position(|(own, _)| own.text == key.text) else {
            if value.tag.as_deref() != Some("reset") {
                out.push((key, value));
            }
            continue;
        };
        let (_, own) = out.remove(at);
        if value.tag.as_deref() != Some("reset") {
            let merged = node(&key.text, own, value);
            out.insert(at, (key, merged));
        }
    }
    out
}

fn lists(key: &str, base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    let mut out = base;
    for item in over {
        let same = |own: &Node| match key {
            "volumes" => target(own).is_some_and(|own| target(&item).as_deref() == Some(own.as_str())),
            _ => own.value == item.value,
        };
        match out.iter().position(same) {
            Some(at) => out[at] = item,
            None => out.push(item),
        }
    }
    out
}

/// Where a mount shows, which is what makes two of them the same.
fn target(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text.split(':').nth(usize::from(text.contains(':')))?.to_owned()),
        _ => match &node.get("target")?.value {
            Value::Scalar { text, .. } => Some(text.clone()),
            _ => None,
        },
    }
}

/// A list that stands for a mapping, as that mapping.
fn as_mapping(key: &str, node: Node) -> Node {
    let names = NAMES.contains(&key);
    if !names && !MAPPINGS.contains(&key) {
        return node;
    }
    let Value::Seq(items) = node.value else { return node };
    let mut entries: Vec<(Key, Node)> = Vec::new();
    for item in &items {
        let Value::Scalar { text, .. } = &item.value else {
            return Node { value: Value::Seq(items), ..node };
        };
        let (name, value) = match text.split_once('=').filter(|_| !names) {
            Some((name, value)) => {
                let value = Value::Scalar { text: value.to_owned(), plain: false };
                (name.to_owned(), Node { span: item.span, tag: None, value })
            }
            None => (text.clone(), Node::null(item.span)),
        };
        entries.retain(|(own, _)| own.text != name);
        entries.push((Key { text: name, span: item.span }, value));
    }
    Node { value: Value::Map(entries), ..node }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::diagnostics::Diagnostics;
    use crate::model::span::SourceId;
    use crate::spec::build::build;

    fn read(text: &str) -> Node {
        let mut diagnostics = Diagnostics::new();
        let node = build(text, SourceId(0), &mut diagnostics).expect("valid YAML");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        node
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Null => "~".to_owned(),
            Value::Scalar { text, .. } => text.clone(),
            Value::Seq(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            Value::Map(entries) => {
                let all: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{}={}", key.text, shown(value))).collect();
                format!("{{{}}}", all.join(" "))
            }
        }
    }

    #[test]
    fn files_merge_as_in_compose() {
        for (base, over, expected) in [
            ("{image: a, tty: true}", "{image: b}", "{image=b tty=true}"),
            ("{command: [a, b]}", "{command: [c]}", "{command=[c]}"),
            ("{ports: ['1', '2']}", "{ports: ['2', '3']}", "{ports=[1 2 3]}"),
            ("{environment: [A=1, B=2]}", "{environment: {B: 3}}", "{environment={A=1 B=3}}"),
            ("{volumes: ['a:/x', 'b:/y']}", "{volumes: ['c:/x:ro']}", "{volumes=[c:/x:ro b:/y]}"),
            ("{networks: [a]}", "{networks: {b: {priority: 1}}}", "{networks={a=~ b={priority=1}}}"),
            ("{ports: ['1']}", "{ports: !override ['2']}", "{ports=[2]}"),
            ("{ports: ['1'], image: a}", "{ports: !reset []}", "{image=a}"),
        ] {
            assert_eq!(shown(&merge(read(base), read(over))), expected, "{base} + {over}");
        }
    }
}
