//! Nodes → values: each method takes a node for what a key needs, or reports at its place and goes on.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::diag::suggest;
use crate::model::addr::LayerPath;
use crate::model::name::ServiceName;
use crate::model::span::Span;

use super::files::{Entry, Files, Vars};
use super::scalar;
use super::tree::{Key, Node, Value};

/// A service that the active profiles leave out.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Inactive {
    /// Its layer.
    pub(in crate::spec) layer: LayerPath,
    /// Its name.
    pub(in crate::spec) name: ServiceName,
    /// Its profiles.
    pub(in crate::spec) profiles: Vec<String>,
}

/// All that is at hand while a lab is read, and what is found on the way.
pub(in crate::spec) struct Reader<'a> {
    /// Texts of files.
    pub(in crate::spec) files: &'a dyn Files,
    /// What the user asks for.
    pub(in crate::spec) entry: &'a Entry,
    /// Variables: the environment over `.env`.
    pub(in crate::spec) vars: Vars,
    /// Problems so far.
    pub(in crate::spec) diagnostics: Diagnostics,
    /// Texts so far.
    pub(in crate::spec) sources: SourceMap,
    /// Trees of files that were read, so that a file in two nodes is read and reported once.
    pub(in crate::spec) loaded: BTreeMap<PathBuf, Option<Node>>,
    /// Layer files that are being read, outermost first.
    pub(in crate::spec) open_files: Vec<PathBuf>,
    /// Places of dependencies that leave the condition to the kind of their target.
    pub(in crate::spec) open_conditions: BTreeSet<Span>,
    /// Services that are left out.
    pub(in crate::spec) inactive: Vec<Inactive>,
    /// How many services were read in all layers.
    pub(in crate::spec) services: usize,
}

/// Where a layer stands and what its relative paths start from.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Scope {
    /// The layer.
    pub(in crate::spec) path: LayerPath,
    /// The directory of the file that names it.
    pub(in crate::spec) base: PathBuf,
}

impl Reader<'_> {
    /// Adds an error with one place and an optional hint.
    pub(in crate::spec) fn error(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        let problem = Diagnostic::error(code, message).at(span, "");
        self.diagnostics.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    /// Adds a warning with one place and an optional hint.
    pub(in crate::spec) fn warn(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        let problem = Diagnostic::warning(code, message).at(span, "");
        self.diagnostics.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    /// Reports a value of another type.
    pub(in crate::spec) fn wrong(&mut self, node: &Node, key: &str, expected: &str) {
        let label = if node.is_null() {
            "nothing is here".to_owned()
        } else {
            format!("this is {}", node.describe())
        };
        let message = format!("`{key}` takes {expected}");
        self.diagnostics.push(Diagnostic::error(Code::WrongType, message).at(node.span, label));
    }

    /// Reports a text that a key cannot mean.
    pub(in crate::spec) fn bad(&mut self, span: Span, key: &str, text: &str, expected: &str) {
        let message = format!("`{text}` is not {expected}");
        self.diagnostics
            .push(Diagnostic::error(Code::BadValue, message).at(span, format!("value of `{key}`")));
    }

    /// Reports a key that is not one of `known`.
    pub(in crate::spec) fn unknown_key(&mut self, key: &Key, of: &str, known: &[&str]) {
        let problem =
            Diagnostic::error(Code::UnknownKey, format!("{of} has no key `{}`", key.text)).at(key.span, "");
        let problem = match suggest::nearest(&key.text, known.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("it has {}", listed(known))),
        };
        self.diagnostics.push(problem);
    }

    /// The entries of a mapping whose keys are all in `known` or begin with `x-`; others are reported and left
    /// out. An empty value counts as an empty mapping.
    pub(in crate::spec) fn map<'n>(
        &mut self,
        node: &'n Node,
        of: &str,
        known: &[&str],
    ) -> Option<Vec<(&'n Key, &'n Node)>> {
        let entries = self.entries(node, of)?;
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if key.text.starts_with("x-") {
                continue;
            }
            if known.contains(&key.text.as_str()) {
                out.push((key, value));
            } else {
                self.unknown_key(key, of, known);
            }
        }
        Some(out)
    }

    /// The entries of a mapping with free keys.
    pub(in crate::spec) fn entries<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [(Key, Node)]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::Null => Some(&[]),
            Value::Scalar { .. } | Value::Seq(_) => {
                self.wrong(node, key, "a mapping");
                None
            }
        }
    }

    /// The items of a list; an empty value counts as an empty list.
    pub(in crate::spec) fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::Seq(items) => Some(items),
            Value::Null => Some(&[]),
            Value::Scalar { .. } | Value::Map(_) => {
                self.wrong(node, key, "a list");
                None
            }
        }
    }

    /// A text; numbers and booleans count as written.
    pub(in crate::spec) fn string(&mut self, node: &Node, key: &str) -> Option<String> {
        if let Value::Scalar { text, .. } = &node.value {
            return Some(text.clone());
        }
        self.wrong(node, key, "a string");
        None
    }

    /// A text that is not empty.
    pub(in crate::spec) fn name(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.string(node, key)?;
        if text.is_empty() {
            self.error(Code::BadValue, node.span, format!("`{key}` is empty"), "");
            return None;
        }
        Some(text)
    }

    /// A boolean.
    pub(in crate::spec) fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        let Value::Scalar { text, .. } = &node.value else {
            self.wrong(node, key, "a boolean");
            return None;
        };
        let Some((value, old)) = scalar::boolean(text) else {
            self.wrong(node, key, "a boolean");
            return None;
        };
        if old {
            let message = format!("`{text}` as a boolean is YAML 1.1");
            self.warn(Code::Deprecated, node.span, message, &format!("write `{value}`"));
        }
        Some(value)
    }

    /// A whole number that `T` holds.
    pub(in crate::spec) fn integer<T: TryFrom<i64>>(&mut self, node: &Node, key: &str) -> Option<T> {
        let Value::Scalar { text, .. } = &node.value else {
            self.wrong(node, key, "a whole number");
            return None;
        };
        let Some(number) = scalar::integer(text) else {
            self.bad(node.span, key, text, "a whole number");
            return None;
        };
        let value = T::try_from(number).ok();
        if value.is_none() {
            self.error(Code::BadValue, node.span, format!("{number} is out of the range of `{key}`"), "");
        }
        value
    }

    /// A duration.
    pub(in crate::spec) fn duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let text = self.string(node, key)?;
        let value = scalar::duration(&text);
        if value.is_none() {
            let help = match text.parse::<f64>() {
                Ok(_) => format!("with a unit: `{text}s`"),
                Err(_) => "write it as `1m30s`, `500ms` or `2h`".to_owned(),
            };
            self.error(Code::BadValue, node.span, format!("`{text}` is not a duration"), &help);
        }
        value
    }

    /// A size in bytes.
    pub(in crate::spec) fn bytes(&mut self, node: &Node, key: &str) -> Option<i64> {
        let text = self.string(node, key)?;
        let value = scalar::bytes(&text);
        if value.is_none() {
            let help = "write it as `64m`, `1.5g` or a number of bytes";
            self.error(Code::BadValue, node.span, format!("`{text}` is not a size"), help);
        }
        value
    }

    /// One of some words.
    pub(in crate::spec) fn word(&mut self, node: &Node, key: &str, words: &[&str]) -> Option<String> {
        let text = self.string(node, key)?;
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        let problem =
            Diagnostic::error(Code::BadValue, format!("`{key}` does not know `{text}`")).at(node.span, "");
        let problem = match suggest::nearest(&text, words.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("it takes {}", listed(words))),
        };
        self.diagnostics.push(problem);
        None
    }

    /// A list of texts.
    pub(in crate::spec) fn strings(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(items) = self.list(node, key) else { return Vec::new() };
        items.iter().filter_map(|item| self.string(item, key)).collect()
    }

    /// A text or a list of texts.
    pub(in crate::spec) fn string_or_strings(&mut self, node: &Node, key: &str) -> Vec<String> {
        match &node.value {
            Value::Scalar { text, .. } => vec![text.clone()],
            _ => self.strings(node, key),
        }
    }

    /// A mapping of texts, or a list of `KEY=value`; `None` where no value is given.
    pub(in crate::spec) fn pairs(&mut self, node: &Node, key: &str) -> Vec<(String, Option<String>, Span)> {
        match &node.value {
            Value::Null => Vec::new(),
            Value::Map(entries) => {
                let mut out = Vec::new();
                for (name, value) in entries {
                    if value.is_null() {
                        out.push((name.text.clone(), None, name.span));
                    } else if let Some(text) = self.string(value, &format!("{key}.{}", name.text)) {
                        out.push((name.text.clone(), Some(text), name.span));
                    }
                }
                out
            }
            Value::Seq(items) => {
                let mut out = Vec::new();
                for item in items {
                    let Some(text) = self.string(item, key) else { continue };
                    match text.split_once('=') {
                        Some((name, value)) => out.push((name.to_owned(), Some(value.to_owned()), item.span)),
                        None => out.push((text, None, item.span)),
                    }
                }
                out
            }
            Value::Scalar { .. } => {
                self.wrong(node, key, "a mapping or a list of `KEY=value`");
                Vec::new()
            }
        }
    }

    /// [`Self::pairs`] as a map in which a missing value is empty.
    pub(in crate::spec) fn text_map(&mut self, node: &Node, key: &str) -> BTreeMap<String, String> {
        let pairs = self.pairs(node, key);
        pairs.into_iter().map(|(name, value, _)| (name, value.unwrap_or_default())).collect()
    }

    /// Reads a file that the lab names beside itself (`env_file`, `ca`), or reports it at `span`.
    pub(in crate::spec) fn file(&mut self, path: &Path, span: Span) -> Option<Vec<u8>> {
        match self.files.read(path) {
            Ok(content) => Some(content),
            Err(error) => {
                let message = self.unreadable(path, &error);
                self.error(Code::FileNotFound, span, message, "");
                None
            }
        }
    }
}

/// "`a`, `b` and `c`".
pub(in crate::spec) fn listed(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
