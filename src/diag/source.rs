//! The texts that diagnostics point into.

use crate::model::span::{SourceId, Span};

/// A source text and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path as the user knows it.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Every text that was read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Keeps a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = u32::try_from(self.sources.len()).expect("a run reads fewer than 2^32 files");
        self.sources.push(Source { name: name.into(), text: text.into() });
        SourceId(id)
    }

    /// The text of `id`.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// `file:line:column`, counted from 1, columns in characters.
    pub fn place(&self, span: Span) -> String {
        let Some(source) = self.get(span.source) else { return "?".to_owned() };
        let before = source.text.get(..span.start).unwrap_or(&source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        format!("{}:{line}:{column}", source.name)
    }
}
