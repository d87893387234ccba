//! Several files into one tree, as Compose merges them (Compose specification, "Merge").

use std::collections::HashMap;

use crate::model::span::{Span, Spanned};

use super::node::{Merge, Node, Pair, Scalar, Value};

/// Lists that replace each other instead of being appended.
const REPLACED: &[&str] = &["command", "entrypoint", "test"];
/// Lists of `KEY=value` that are mappings in another shape.
const PAIRS: &[&str] = &["environment", "labels", "sysctls", "annotations", "extra_hosts"];
/// Lists of names that are mappings without values, in a service.
const NAMES: &[&str] = &["depends_on", "networks"];
/// One text that is a list of one in another shape.
const ONE_OR_MANY: &[&str] = &["dns", "dns_search", "env_file", "tmpfs", "ca"];

/// Where in the language a mapping stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Layer,
    Services,
    Service,
    Within,
}

impl Place {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Layer, "services") => Self::Services,
            (Self::Services, _) => Self::Service,
            (Self::Service, "inner") => Self::Layer,
            (Self::Layer | Self::Service | Self::Within, _) => Self::Within,
        }
    }
}

/// Puts the tree of a file over that of the files before it.
pub(crate) fn merge(below: Node, over: Node) -> Node {
    combine(Place::Layer, Place::Layer, "", below, over)
}

/// Takes away what `!reset` marks and no file before had.
pub(crate) fn settle(node: &mut Node) {
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(items) => {
            items.retain(|item| item.merge != Merge::Reset);
            items.iter_mut().for_each(settle);
        }
        Value::Mapping(pairs) => {
            pairs.retain(|pair| pair.value.merge != Merge::Reset);
            pairs.iter_mut().for_each(|pair| settle(&mut pair.value));
        }
    }
}

/// `outer` is the mapping that has `key`; `place` is what stands there.
fn combine(outer: Place, place: Place, key: &str, below: Node, over: Node) -> Node {
    if over.merge != Merge::Combine {
        return over;
    }
    let (below, over) = (one_shape(outer, key, below), one_shape(outer, key, over));
    let value = match (below.value, over.value) {
        (Value::Mapping(low), Value::Mapping(high)) => Value::Mapping(mappings(place, low, high)),
        (Value::List(low), Value::List(high)) if !REPLACED.contains(&key) => {
            Value::List(lists(key, low, high))
        }
        // Nothing over something changes nothing.
        (low, Value::Scalar(scalar)) if scalar.is_null() => {
            return Node { span: below.span, head: below.head, value: low, merge: below.merge };
        }
        (_, high) => high,
    };
    Node { span: over.span, head: over.head, value, merge: Merge::Combine }
}

fn mappings(place: Place, low: Vec<Pair>, high: Vec<Pair>) -> Vec<Pair> {
    let mut at: HashMap<String, usize> =
        low.iter().enumerate().map(|(i, pair)| (pair.key.value.clone(), i)).collect();
    let mut out: Vec<Option<Pair>> = low.into_iter().map(Some).collect();
    for pair in high {
        let key = pair.key.value.clone();
        let i = *at.entry(key.clone()).or_insert_with(|| {
            out.push(None);
            out.len() - 1
        });
        let below = out[i].take();
        if pair.value.merge == Merge::Reset {
            continue;
        }
        out[i] = Some(match below {
            None => pair,
            Some(below) => Pair {
                key: pair.key,
                value: combine(place, place.below(&key), &key, below.value, pair.value),
            },
        });
    }
    out.into_iter().flatten().collect()
}

fn lists(key: &str, mut low: Vec<Node>, high: Vec<Node>) -> Vec<Node> {
    for item in high {
        let wanted = identity(key, &item);
        let at = wanted
            .and_then(|wanted| low.iter().position(|other| identity(key, other).as_ref() == Some(&wanted)));
        match at {
            Some(at) => low[at] = item,
            None => low.push(item),
        }
    }
    low
}

/// What tells the items of a list apart: an item over another of the same identity replaces it. `None`: all stay.
fn identity(key: &str, item: &Node) -> Option<String> {
    let text = |node: &Node| match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::List(_) | Value::Mapping(_) => None,
    };
    let part = |name: &str| item.get(name).and_then(text);
    match key {
        // One mount a target, one device a path inside.
        "volumes" | "devices" => match text(item) {
            Some(short) => short.split(':').nth(1).or(Some(&short)).map(str::to_owned),
            None => part("target"),
        },
        "tmpfs" => text(item).and_then(|short| short.split(':').next().map(str::to_owned)),
        "configs" | "secrets" => text(item).or_else(|| part("target")).or_else(|| part("source")),
        "env_file" => text(item).or_else(|| part("path")),
        "ports" | "publish" | "expose" => text(item).or_else(|| {
            let parts = ["host_ip", "published", "target", "protocol"];
            Some(parts.map(|name| part(name).unwrap_or_default()).join(":"))
        }),
        _ => None,
    }
}

/// The two shapes of one key as the one that can be merged.
fn one_shape(outer: Place, key: &str, node: Node) -> Node {
    let pairs = PAIRS.contains(&key) && outer != Place::Services;
    let names = NAMES.contains(&key) && outer == Place::Service;
    let (span, head, merge) = (node.span, node.head, node.merge);
    let value = match node.value {
        Value::List(items) if pairs || names => Value::Mapping(as_mapping(items, pairs)),
        Value::Scalar(scalar)
            if outer != Place::Services && ONE_OR_MANY.contains(&key) && !scalar.is_null() =>
        {
            Value::List(vec![Node::new(Value::Scalar(scalar), span, head)])
        }
        value => value,
    };
    Node { span, head, value, merge }
}

fn as_mapping(items: Vec<Node>, pairs: bool) -> Vec<Pair> {
    let mut out: Vec<Pair> = Vec::new();
    for item in items {
        // A mapping or a list is no name; what is left is merged.
        let Value::Scalar(scalar) = item.value else { continue };
        let (name, value) = if let Some((name, value)) = scalar.text.split_once('=').filter(|_| pairs) {
            (name.to_owned(), Node::text(value, item.span))
        } else {
            let null = Scalar { text: String::new(), plain: true, refused: false };
            let end = Span { start: item.span.end, ..item.span };
            (scalar.text, Node::new(Value::Scalar(null), end, end))
        };
        out.retain(|pair| pair.key.value != name);
        out.push(Pair { key: Spanned::new(name, item.head), value });
    }
    out
}
