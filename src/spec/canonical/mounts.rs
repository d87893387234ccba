//! Mounts and devices in their long form.

use serde_json::{Value, json};

use crate::model::span::Span;
use crate::spec::tree::node::Node;

use super::forms;
use super::printer::{Printer, any, text};
use super::shape::Shape::{self, Bytes, Form, KeptSwitch, Keys, Pairs, Switch, Text};

static MOUNT: Shape = Keys(&[
    (
        "bind",
        Keys(&[
            ("create_host_path", KeptSwitch),
            ("propagation", Text),
            ("recursive", Text),
            ("selinux", Text),
        ]),
    ),
    ("consistency", Text),
    ("image", Keys(&[("subpath", Text)])),
    ("read_only", Switch),
    ("source", Text),
    ("target", Text),
    ("tmpfs", Keys(&[("mode", Form(forms::bits)), ("size", Bytes)])),
    ("type", Text),
    ("volume", Keys(&[("labels", Pairs), ("nocopy", Switch), ("subpath", Text)])),
]);

static DEVICE: Shape = Keys(&[("permissions", Text), ("source", Text), ("target", Text)]);

/// An entry of `volumes`.
pub(super) fn mount(printer: &Printer, node: &Node) -> Option<Value> {
    if let Some(short) = text(node) {
        return Some(self::short(printer, &short, node.span).unwrap_or_else(|| any(node)));
    }
    let mut out = printer.value(&MOUNT, node)?;
    if out["type"] == "bind" {
        if let (Some(source), Some(at)) = (out["source"].as_str(), node.get("source")) {
            out["source"] = Value::from(printer.bind_source(source, at.span));
        }
        if out["bind"].is_object() && out["bind"].get("create_host_path").is_none() {
            out["bind"]["create_host_path"] = Value::Bool(true);
        }
    }
    if let Some(target) = out.get("target").and_then(Value::as_str).map(clean) {
        out["target"] = Value::from(target);
    }
    if let Value::Object(map) = &mut out {
        map.retain(|_, value| !value.is_null());
    }
    Some(out)
}

/// `[SOURCE:]TARGET[:OPTIONS]` (compose-go `format/volume.go`).
fn short(printer: &Printer, text: &str, span: Span) -> Option<Value> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, words) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, words] => (Some(*source), *target, *words),
        _ => return None,
    };
    let bind = source.is_some_and(|source| source.starts_with(['.', '/', '~']));
    let mut out = if bind {
        json!({"type": "bind", "target": clean(target), "bind": {"create_host_path": true}})
    } else {
        json!({"type": "volume", "target": clean(target), "volume": {}})
    };
    if let Some(source) = source {
        let source = if bind { printer.bind_source(source, span) } else { source.to_owned() };
        out["source"] = Value::from(source);
    }
    for word in words.split(',') {
        match word {
            "ro" => out["read_only"] = Value::Bool(true),
            "nocopy" => out["volume"]["nocopy"] = Value::Bool(true),
            "z" | "Z" => out["bind"]["selinux"] = Value::from(word),
            "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" => {
                out["bind"]["propagation"] = Value::from(word);
            }
            _ => {}
        }
    }
    Some(out)
}

/// An entry of `devices`.
pub(super) fn device(printer: &Printer, node: &Node) -> Option<Value> {
    let Some(short) = text(node) else { return printer.value(&DEVICE, node) };
    let parts: Vec<&str> = short.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        [source] => (*source, *source, "rwm"),
        [source, target] => (*source, *target, "rwm"),
        [source, target, permissions] => (*source, *target, *permissions),
        _ => return Some(any(node)),
    };
    let target = if target.is_empty() { source } else { target };
    Some(json!({"source": source, "target": target, "permissions": permissions}))
}

/// A path inside, without what means nothing (Go's `path.Clean`).
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_inside_are_cleaned_as_go_does() {
        for (path, wanted) in [
            ("/a/", "/a"),
            ("/", "/"),
            ("//a/./b/../c", "/a/c"),
            ("/..", "/"),
            ("a/..", "."),
            ("../a", "../a"),
        ] {
            assert_eq!(clean(path), wanted);
        }
    }
}
