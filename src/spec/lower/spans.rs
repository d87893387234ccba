//! Where the keys of a service stand.

use crate::model::key_places::KeyPlaces;
use crate::model::span::Span;
use crate::spec::tree::node::{Node, Value};

/// Keys whose own keys have places as well: `engine.host`.
const NESTED: &[&str] = &["engine", "healthcheck", "deploy", "logging", "networks", "build"];

/// The places of all keys, and of the named items of `networks` and `volumes` (`networks.front`).
pub(super) fn spans(service: &Node) -> KeyPlaces {
    let mut all: Vec<(&str, Option<&str>, Span)> = Vec::with_capacity(2 * service.pairs().len());
    for pair in service.pairs() {
        let key = pair.key.value.as_str();
        all.push((key, None, pair.place()));
        if NESTED.contains(&key) {
            all.extend(
                pair.value.pairs().iter().map(|inner| (key, Some(inner.key.value.as_str()), inner.place())),
            );
        }
        match (key, &pair.value.value) {
            ("networks" | "volumes", Value::List(items)) => {
                all.extend(items.iter().filter_map(item_name).map(|(name, span)| (key, Some(name), span)));
            }
            // `engine: dind` is the place of the kind as well.
            ("engine", Value::Scalar(_)) => all.push((key, Some("kind"), pair.place())),
            _ => {}
        }
    }
    KeyPlaces::new(&all)
}

/// The name that an item of a list uses: the text before the first colon, or `source`.
fn item_name(item: &Node) -> Option<(&str, Span)> {
    match &item.value {
        Value::Scalar(scalar) => Some((scalar.text.split(':').next().unwrap_or_default(), item.head)),
        Value::Mapping(_) => item_name(item.get("source")?),
        Value::List(_) => None,
    }
}
