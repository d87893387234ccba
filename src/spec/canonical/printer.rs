//! Nodes of the tree → values, by their shapes.

use serde_json::{Map, Number, Value};

use crate::spec::lower::lowering::Lowering;
use crate::spec::lower::scope::Scope;
use crate::spec::text::{duration, size};
use crate::spec::tree::node::{Node, Value as Held};
use crate::spec::tree::scalar::{Resolved, go_number, whole};

use super::resolve::ResolveOptions;
use super::shape::Shape;

/// What a layer is printed with.
pub(super) struct Printer<'a> {
    pub(super) lowering: &'a Lowering<'a>,
    pub(super) scope: &'a Scope,
    pub(super) options: &'a ResolveOptions,
}

impl Printer<'_> {
    /// The canonical form; `None` when it is at its default. What does not fit its shape (a variable that is not
    /// filled in) stays as it is.
    pub(super) fn value(&self, shape: &Shape, node: &Node) -> Option<Value> {
        let form = match shape {
            Shape::Form(form) => return form(self, node),
            Shape::Any => return Some(any(node)),
            _ if node.is_null() => return None,
            form => form,
        };
        match (form, &node.value) {
            (Shape::List(of) | Shape::OneOrMany(of), Held::List(items)) => {
                let items: Vec<Value> = items.iter().filter_map(|item| self.value(of, item)).collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            (Shape::OneOrMany(of), _) => Some(Value::Array(vec![self.value(of, node)?])),
            (Shape::Dict(of), Held::Mapping(pairs)) => {
                let entry = |node: &Node| self.value(of, node).unwrap_or(Value::Null);
                let map: Map<String, Value> =
                    pairs.iter().map(|pair| (pair.key.value.to_string(), entry(&pair.value))).collect();
                (!map.is_empty()).then_some(Value::Object(map))
            }
            (Shape::Pairs, _) => pairs(node, &Value::from("")),
            (Shape::Environment, _) => pairs(node, &Value::Null),
            (Shape::Keys(keys), Held::Mapping(_)) => Some(Value::Object(self.keys(keys, node))),
            (Shape::Part(keys), Held::Mapping(_)) => {
                let map = self.keys(keys, node);
                (!map.is_empty()).then_some(Value::Object(map))
            }
            (Shape::Short(key, of), Held::Scalar(_)) => {
                let pair = crate::spec::tree::node::Pair {
                    key: crate::model::span::Spanned::new((*key).into(), node.head),
                    value: node.clone(),
                };
                self.value(of, &Node::new(Held::Mapping(vec![pair]), node.span, node.head))
            }
            (Shape::Short(_, of), _) => self.value(of, node),
            (leaf, Held::Scalar(_)) => self.leaf(leaf, node),
            _ => Some(any(node)),
        }
    }

    /// The entries of a mapping whose keys are known.
    pub(super) fn keys(&self, keys: &[(&str, Shape)], node: &Node) -> Map<String, Value> {
        let mut out = Map::new();
        for pair in node.pairs() {
            let key = pair.key.value.as_str();
            let shape = keys.iter().find(|(name, _)| *name == key).map_or(&Shape::Any, |(_, shape)| shape);
            if let Some(value) = self.value(shape, &pair.value) {
                out.insert(key.to_owned(), value);
            }
        }
        out
    }

    fn leaf(&self, shape: &Shape, node: &Node) -> Option<Value> {
        let text = text(node)?;
        let as_it_is = || Some(Value::from(text.as_str()));
        match shape {
            Shape::Whole | Shape::KeptWhole => match number(node, &text) {
                Some(0) if matches!(shape, Shape::Whole) => None,
                Some(value) => Some(Value::from(value)),
                None => as_it_is(),
            },
            Shape::Number => match text.trim().parse::<f64>() {
                Ok(0.0) => None,
                Ok(value) => Some(float(value)),
                Err(_) => as_it_is(),
            },
            Shape::Switch | Shape::KeptSwitch => match switch(&text) {
                Some(false) if matches!(shape, Shape::Switch) => None,
                Some(value) => Some(Value::from(value)),
                None => as_it_is(),
            },
            Shape::Bytes => match text.parse().ok().or_else(|| size::bytes(&text)) {
                Some(0) => None,
                Some(bytes) => Some(Value::from(bytes.to_string())),
                None => as_it_is(),
            },
            Shape::Duration | Shape::KeptDuration => match duration::parse(&text) {
                Some(value) if value.is_zero() && matches!(shape, Shape::Duration) => None,
                Some(value) => Some(Value::from(duration::go(value))),
                None => as_it_is(),
            },
            Shape::Mode => {
                let bits = match &node.value {
                    Held::Scalar(scalar) if scalar.plain => whole(&scalar.text),
                    _ => i64::from_str_radix(&text, 8).ok(),
                };
                bits.map_or_else(as_it_is, |bits| Some(Value::from(format!("0{bits:o}"))))
            }
            Shape::Path => Some(Value::from(self.path(&text, node.span))).filter(|_| !text.is_empty()),
            _ => (!text.is_empty()).then(|| Value::from(text.as_str())),
        }
    }
}

/// The text that Compose makes of a scalar; `None` for anything else.
pub(super) fn text(node: &Node) -> Option<String> {
    let Held::Scalar(scalar) = &node.value else { return None };
    Some(match scalar.resolve() {
        Resolved::Null => String::new(),
        Resolved::Bool(value) => value.to_string(),
        Resolved::Whole(value) => value.to_string(),
        Resolved::Large(value) => value.to_string(),
        Resolved::Number(value) => go_number(value),
        Resolved::Text(text) => text.to_owned(),
    })
}

fn number(node: &Node, text: &str) -> Option<i64> {
    match &node.value {
        Held::Scalar(scalar) if scalar.plain => whole(&scalar.text),
        _ => text.trim().parse().ok(),
    }
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "y" | "yes" | "on" | "1" => Some(true),
        "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A number without a fraction has none in YAML either.
pub(super) fn float(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "compared with the limit first")]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The node as it is.
pub(super) fn any(node: &Node) -> Value {
    match &node.value {
        Held::List(items) => items.iter().map(any).collect(),
        Held::Mapping(pairs) => {
            let entries = pairs.iter().map(|pair| (pair.key.value.to_string(), any(&pair.value)));
            Value::Object(entries.collect())
        }
        Held::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::from(value),
            Resolved::Whole(value) => Value::from(value),
            Resolved::Large(value) => Value::from(value),
            Resolved::Number(value) => float(value),
            Resolved::Text(text) => Value::from(text),
        },
    }
}

/// `KEY=value` lines or a mapping, as a mapping of texts.
pub(super) fn pairs(node: &Node, without: &Value) -> Option<Value> {
    let mut out = Map::new();
    match &node.value {
        Held::Mapping(pairs) => {
            for pair in pairs {
                let value = match text(&pair.value) {
                    Some(_) if pair.value.is_null() => without.clone(),
                    Some(text) => Value::from(text),
                    None => any(&pair.value),
                };
                out.insert(pair.key.value.to_string(), value);
            }
        }
        Held::List(items) => {
            for line in items.iter().filter_map(text) {
                let (key, value) = match line.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Value::from(value)),
                    None => (line, without.clone()),
                };
                out.insert(key, value);
            }
        }
        Held::Scalar(_) => return Some(any(node)),
    }
    (!out.is_empty()).then_some(Value::Object(out))
}
