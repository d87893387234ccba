//! A YAML document as a tree in which every node and key knows its place.

use crate::model::span::Span;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::spec) struct Node {
    /// Where it is written.
    pub(in crate::spec) span: Span,
    /// Its tag, if it is a local one (`!reset`).
    pub(in crate::spec) tag: Option<String>,
    /// What it holds.
    pub(in crate::spec) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::spec) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A text, whatever its type will be.
    Scalar {
        /// The text after YAML's escapes.
        text: String,
        /// Whether it is written without quotes, so that it may be a number or a boolean.
        plain: bool,
    },
    /// A list.
    Seq(Vec<Node>),
    /// A mapping, in the order of the file, without duplicate keys.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::spec) struct Key {
    /// The key.
    pub(in crate::spec) text: String,
    /// Where it is written.
    pub(in crate::spec) span: Span,
}

impl Node {
    /// An absent value at `span`.
    pub(in crate::spec) const fn null(span: Span) -> Self {
        Self { span, tag: None, value: Value::Null }
    }

    /// The value of `key`, if this is a mapping that has it.
    pub(in crate::spec) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Whether nothing is written.
    pub(in crate::spec) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What it is, for messages.
    pub(in crate::spec) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Null => "empty",
            Value::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => "a number",
            Value::Scalar { text, plain: true } if text == "true" || text == "false" => "a boolean",
            Value::Scalar { .. } => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
