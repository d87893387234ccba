//! Several trees into one, as Compose merges them (Compose specification, "Merge"; compose-go `override/merge.go`).

use std::collections::{HashMap, HashSet};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::{Span, Spanned};
use crate::spec::problems::Problems;

use super::identity::{Paths, append};
use super::node::{Merge, Node, Pair, Scalar, Text, Value};
use super::place::{Place, Rule};

/// Puts the tree of a file over that of the files before it.
pub(crate) fn merge(below: Node, over: Node, problems: &Problems, paths: Paths<'_>) -> Node {
    Merging { problems, paths }.whole(Place::Layer, below, over)
}

/// Puts a service over the one that it extends.
pub(crate) fn extend(base: Node, service: Node, problems: &Problems, paths: Paths<'_>) -> Node {
    Merging { problems, paths }.whole(Place::Service, base, service)
}

/// Takes away what `!reset` marks, once all that it could reset was there. What is left replaces nothing any more.
pub(crate) fn settle(node: &mut Node) {
    node.merge = Merge::Combine;
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

/// Within one file, too, the later of two items of one identity counts.
pub(crate) fn unify(layer: &mut Node) {
    let Value::Mapping(pairs) = &mut layer.value else { return };
    let Some(services) = pairs.iter_mut().find(|pair| pair.key.value == "services") else { return };
    let Value::Mapping(services) = &mut services.value.value else { return };
    for service in services {
        let Value::Mapping(keys) = &mut service.value.value else { continue };
        for Pair { key, value } in keys {
            match &mut value.value {
                Value::List(items) if items.len() > 1 => {
                    let all = std::mem::take(items);
                    *items = append(Place::Service, &key.value, all, Vec::new(), &|_, text| text.to_owned());
                }
                Value::Mapping(_) if key.value == "inner" => unify(value),
                _ => {}
            }
        }
    }
}

struct Merging<'a> {
    problems: &'a Problems,
    paths: Paths<'a>,
}

impl Merging<'_> {
    fn whole(&self, place: Place, below: Node, over: Node) -> Node {
        match (below.value, over.value) {
            (Value::Mapping(low), Value::Mapping(high)) => {
                let pairs = self.mappings(place, low, high);
                Node { span: over.span, head: over.head, value: Value::Mapping(pairs), merge: over.merge }
            }
            // Nothing over something changes nothing.
            (low, Value::Scalar(scalar)) if scalar.is_null() => {
                Node { span: below.span, head: below.head, value: low, merge: below.merge }
            }
            (_, value) => Node { span: over.span, head: over.head, value, merge: over.merge },
        }
    }

    fn mappings(&self, place: Place, low: Vec<Pair>, high: Vec<Pair>) -> Vec<Pair> {
        let mut at: HashMap<Text, usize> =
            low.iter().enumerate().map(|(i, pair)| (pair.key.value.clone(), i)).collect();
        let mut out: Vec<Option<Pair>> = low.into_iter().map(Some).collect();
        for pair in high {
            let i = *at.entry(pair.key.value.clone()).or_insert_with(|| {
                out.push(None);
                out.len() - 1
            });
            out[i] = Some(match out[i].take() {
                None => pair,
                Some(below) => {
                    let value = self.combine(place, &pair.key.value, below.value, pair.value);
                    Pair { key: pair.key, value }
                }
            });
        }
        out.into_iter().flatten().collect()
    }

    /// The values of `key` of a mapping at `outer`.
    fn combine(&self, outer: Place, key: &str, below: Node, over: Node) -> Node {
        let rule = outer.rule(key);
        // What is reset below is not there.
        if over.merge != Merge::Combine || rule == Rule::Replace || below.merge == Merge::Reset {
            return over;
        }
        if over.is_null() {
            return below;
        }
        if below.is_null() {
            return over;
        }
        let (below, over) = (shaped(rule, below, Layer::Below), shaped(rule, over, Layer::Over));
        let (span, head, merge) = (over.span, over.head, below.merge);
        let value = match (below.value, over.value) {
            (Value::Mapping(low), Value::Mapping(high))
                if rule == Rule::Logging && other_driver(&low, &high) =>
            {
                Value::Mapping(high)
            }
            (Value::Mapping(low), Value::Mapping(high)) => {
                Value::Mapping(self.mappings(outer.below(key), low, high))
            }
            (Value::List(low), Value::List(high)) if rule == Rule::Hosts => Value::List(hosts(low, high)),
            (Value::List(low), Value::List(high)) if rule == Rule::Pools => {
                Value::List(self.pools(low, high))
            }
            (Value::List(low), Value::List(high)) if rule != Rule::Either => {
                Value::List(append(outer, key, low, high, self.paths))
            }
            (Value::Scalar(_), high) if rule == Rule::Later => high,
            (Value::Scalar(_), high @ Value::Scalar(_)) => high,
            (low, high) => {
                if rule != Rule::Either && !is_refused(&low) && !is_refused(&high) {
                    let (was, is) = (word(&low), word(&high));
                    let problem = Diagnostic::error(
                        Code::WrongType,
                        format!("`{key}` is {is} here, and {was} in what it is merged over"),
                    )
                    .at(head, format!("this is {is}"))
                    .at(below.head, format!("this is {was}"))
                    .help(
                        "Write both in one form, or mark the later with `!override` to replace the earlier.",
                    );
                    self.problems.push(problem);
                }
                high
            }
        };
        Node { span, head, value, merge }
    }

    /// A pool over one of the same subnet is merged into it. Those of other subnets stay behind (compose-go
    /// `mergeIPAMConfig`): a network has one subnet of a kind, and it is another now.
    fn pools(&self, mut low: Vec<Node>, high: Vec<Node>) -> Vec<Node> {
        let subnet = |node: &Node| match &node.get("subnet")?.value {
            Value::Scalar(scalar) => Some(scalar.text.clone()),
            Value::List(_) | Value::Mapping(_) => None,
        };
        let over = |pool: Node| {
            let same = |other: &Node| subnet(other).is_some() && subnet(other) == subnet(&pool);
            match low.iter().position(same) {
                Some(at) => self.whole(Place::Within, low.swap_remove(at), pool),
                None => pool,
            }
        };
        high.into_iter().map(over).collect()
    }
}

/// Which of the two is given its shape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Below,
    Over,
}

/// The shapes of one key as the one that can be merged.
fn shaped(rule: Rule, node: Node, layer: Layer) -> Node {
    let (span, head, merge) = (node.span, node.head, node.merge);
    let value = match (rule, node.value) {
        (Rule::Pairs, Value::List(items)) if all_text(&items) => Value::Mapping(pairs(items)),
        (Rule::Names, Value::List(items)) if all_text(&items) => Value::Mapping(names(items, |_| Vec::new())),
        (Rule::Dependencies, Value::List(items)) if all_text(&items) => Value::Mapping(names(
            items,
            |span| if layer == Layer::Over { defaults(span) } else { Vec::new() },
        )),
        (Rule::Hosts, Value::Mapping(entries)) => Value::List(host_lines(entries)),
        (Rule::OneOrMany, Value::Scalar(scalar)) => {
            Value::List(vec![Node::new(Value::Scalar(scalar), span, head)])
        }
        (Rule::Short(key), Value::Scalar(scalar)) => {
            let value = Node::new(Value::Scalar(scalar), span, head);
            Value::Mapping(vec![Pair { key: Spanned::new(key.into(), head), value }])
        }
        (_, value) => value,
    };
    Node { span, head, value, merge }
}

fn all_text(items: &[Node]) -> bool {
    items.iter().all(|item| matches!(item.value, Value::Scalar(_)))
}

/// `KEY=value` lines as a mapping; of two of one key the later counts.
fn pairs(items: Vec<Node>) -> Vec<Pair> {
    let mut at: HashMap<Text, usize> = HashMap::new();
    let mut out: Vec<Pair> = Vec::with_capacity(items.len());
    for item in items {
        let Value::Scalar(scalar) = item.value else { continue };
        let (name, value) = match scalar.text.split_once('=') {
            Some((name, value)) => (name.into(), Node::text(value, item.span)),
            None => (scalar.text, nothing(item.span)),
        };
        let pair = Pair { key: Spanned::new(name.clone(), item.head), value };
        if let Some(at) = at.get(&name) {
            out[*at] = pair;
        } else {
            at.insert(name, out.len());
            out.push(pair);
        }
    }
    out
}

/// Names as a mapping to nothing, or to what `value` makes.
fn names(items: Vec<Node>, value: impl Fn(Span) -> Vec<Pair>) -> Vec<Pair> {
    let mut seen: HashSet<Text> = HashSet::new();
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let Value::Scalar(scalar) = item.value else { continue };
        if seen.insert(scalar.text.clone()) {
            let pairs = value(item.span);
            let value = if pairs.is_empty() {
                nothing(item.span)
            } else {
                Node::new(Value::Mapping(pairs), item.span, item.head)
            };
            out.push(Pair { key: Spanned::new(scalar.text, item.head), value });
        }
    }
    out
}

/// What a dependency that is only named takes back of an earlier mapping: it has the default condition again.
fn defaults(span: Span) -> Vec<Pair> {
    ["condition", "required"]
        .map(|key| {
            let value = Node { merge: Merge::Reset, ..nothing(span) };
            Pair { key: Spanned::new(key.into(), span), value }
        })
        .into()
}

/// `NAME: address` as lines; a list of addresses is a line for each.
fn host_lines(entries: Vec<Pair>) -> Vec<Node> {
    let mut out = Vec::new();
    for Pair { key, value } in entries {
        let values = match value.value {
            Value::List(items) => items,
            _ => vec![value],
        };
        for value in values {
            let Value::Scalar(scalar) = value.value else { continue };
            out.push(Node::text(format!("{}={}", key.value, scalar.text), value.span));
        }
    }
    out
}

fn hosts(mut low: Vec<Node>, high: Vec<Node>) -> Vec<Node> {
    let line = |node: &Node| match &node.value {
        Value::Scalar(scalar) => scalar.text.replacen(':', "=", usize::from(!scalar.text.contains('='))),
        Value::List(_) | Value::Mapping(_) => String::new(),
    };
    let there: std::collections::HashSet<String> = low.iter().map(line).collect();
    low.extend(high.into_iter().filter(|item| !there.contains(&line(item))));
    low
}

fn other_driver(low: &[Pair], high: &[Pair]) -> bool {
    let driver = |pairs: &[Pair]| {
        let pair = pairs.iter().find(|pair| pair.key.value == "driver")?;
        match &pair.value.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(scalar.text.clone()),
            _ => None,
        }
    };
    matches!((driver(low), driver(high)), (Some(low), Some(high)) if low != high)
}

fn nothing(span: Span) -> Node {
    let end = Span { start: span.end, ..span };
    Node::new(Value::Scalar(Scalar { text: Text::default(), plain: true, refused: false }), end, end)
}

fn is_refused(value: &Value) -> bool {
    matches!(value, Value::Scalar(scalar) if scalar.refused)
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Scalar(_) => "text",
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
    }
}
