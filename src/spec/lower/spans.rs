//! Where the keys of a service stand.

use std::collections::BTreeMap;

use crate::model::span::Span;
use crate::spec::tree::node::{Node, Value};

/// Keys whose own keys have places as well: `engine.host`.
const NESTED: &[&str] = &["engine", "healthcheck", "deploy", "logging", "networks", "build"];

/// The places of all keys, and of the named items of `networks` and `volumes` (`networks.front`).
pub(super) fn spans(service: &Node) -> BTreeMap<String, Span> {
    let mut out = BTreeMap::new();
    for pair in service.pairs() {
        let key = pair.key.value.as_str();
        out.insert(key.to_owned(), pair.place());
        if NESTED.contains(&key) {
            for inner in pair.value.pairs() {
                out.insert(format!("{key}.{}", inner.key.value), inner.place());
            }
        }
        if let ("networks" | "volumes", Value::List(items)) = (key, &pair.value.value) {
            for item in items {
                if let Some((name, span)) = item_name(item) {
                    out.entry(format!("{key}.{name}")).or_insert(span);
                }
            }
        }
    }
    // `engine: dind` is the place of the kind as well.
    if let (Some(Value::Scalar(_)), Some(span)) =
        (service.get("engine").map(|node| &node.value), out.get("engine"))
    {
        out.insert("engine.kind".to_owned(), *span);
    }
    out
}

/// The name that an item of a list uses: the text before the first colon, or `source`.
fn item_name(item: &Node) -> Option<(String, Span)> {
    match &item.value {
        Value::Scalar(scalar) => {
            Some((scalar.text.split(':').next().unwrap_or_default().to_owned(), item.head))
        }
        Value::Mapping(_) => item_name(item.get("source")?),
        Value::List(_) => None,
    }
}
