//! The nodes of the tree.

use compact_str::CompactString;

use crate::model::span::{Span, Spanned};

/// A key or a scalar. Most are short, and take no memory of their own then: a large lab has hundreds of thousands.
pub(crate) type Text = CompactString;

/// A YAML value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// All of it.
    pub(crate) span: Span,
    /// The part to point at: all of a scalar, the beginning of anything longer.
    pub(crate) head: Span,
    /// What it is.
    pub(crate) value: Value,
    /// What it does when it is merged over another file's.
    pub(crate) merge: Merge,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file, without duplicates.
    Mapping(Vec<Pair>),
}

/// A scalar before its type is decided.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// Its text without quotes and escapes.
    pub(crate) text: Text,
    /// Written without quotes: it may be a number, a boolean or nothing.
    pub(crate) plain: bool,
    /// Why it cannot be used was noted already: whoever reads it says nothing more.
    pub(crate) refused: bool,
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// The key.
    pub(crate) key: Spanned<Text>,
    /// The value.
    pub(crate) value: Node,
}

/// What a node does when its file is merged over another (`!reset`, `!override`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It is merged.
    Combine,
    /// It takes the other away.
    Reset,
    /// It replaces the other.
    Override,
}

impl Node {
    /// A scalar that is text, wherever it comes from.
    pub(crate) fn text(text: impl Into<Text>, span: Span) -> Self {
        Self::new(Value::Scalar(Scalar { text: text.into(), plain: false, refused: false }), span, span)
    }

    /// A node without a tag.
    pub(crate) fn new(value: Value, span: Span, head: Span) -> Self {
        Self { span, head, value, merge: Merge::Combine }
    }

    /// Something that stands where a value was refused.
    pub(crate) fn refused(span: Span) -> Self {
        Self::new(Value::Scalar(Scalar { text: Text::default(), plain: false, refused: true }), span, span)
    }

    /// Whether it was refused.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.refused)
    }

    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.pairs().iter().find(|pair| pair.key.value == key).map(|pair| &pair.value)
    }

    /// As [`Self::get`], to be changed.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Value::Mapping(pairs) = &mut self.value else { return None };
        pairs.iter_mut().find(|pair| pair.key.value == key).map(|pair| &mut pair.value)
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn pairs(&self) -> &[Pair] {
        match &self.value {
            Value::Mapping(pairs) => pairs,
            Value::Scalar(_) | Value::List(_) => &[],
        }
    }

    /// Whether nothing is written here, or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }
}

impl Pair {
    /// The place to point at for "this entry": the whole of `key: value` on one line, else the key.
    pub(crate) fn place(&self) -> Span {
        let (key, value) = (self.key.span, &self.value);
        match value.value {
            Value::Scalar(_) if !value.span.is_empty() => value.head,
            _ => key,
        }
    }
}
