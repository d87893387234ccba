//! The texts that diagnostics point into, and how each of them came in.

use std::sync::Arc;

use crate::model::span::{SourceId, Span};

/// A source text and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path as the user knows it.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// What named it; `None`: the command line, or a rule.
    pub origin: Option<Origin>,
}

/// How a text came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The place that names it.
    pub span: Span,
    /// As what.
    pub how: How,
}

/// As what a file is named by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `include`.
    Included,
    /// `extends`.
    Extended,
    /// `inner`.
    Inner,
    /// A file of variables.
    Variables,
}

impl How {
    /// What to say beside the place that names a file.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Included => "included here",
            Self::Extended => "extended here",
            Self::Inner => "inner layer named here",
            Self::Variables => "named here",
        }
    }
}

/// Steps shown of a way; a longer one is cut.
const LONGEST_WAY: usize = 16;

/// Every text that was read, once for each place that names it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Keeps a text that nothing names.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.add_from(name, text, None)
    }

    /// Keeps a text and what named it.
    pub fn add_from(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        origin: Option<Origin>,
    ) -> SourceId {
        let id = u32::try_from(self.sources.len()).expect("a run reads fewer than 2^32 files");
        self.sources.push(Source { name: name.into(), text: text.into(), origin });
        SourceId(id)
    }

    /// The text of `id`.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// How a text came in: the place that names it, then the place that names the file of that place, and so on up.
    pub fn way(&self, id: SourceId) -> Vec<Origin> {
        let mut way = Vec::new();
        let mut at = id;
        while let Some(origin) = self.get(at).and_then(|source| source.origin) {
            way.push(origin);
            // A text is kept after the one that names it: the way ends.
            if way.len() == LONGEST_WAY || origin.span.source >= at {
                break;
            }
            at = origin.span.source;
        }
        way
    }

    /// `file:line:column`, counted from 1, columns in characters.
    pub fn place(&self, span: Span) -> String {
        let Some(source) = self.get(span.source) else { return "?".to_owned() };
        let before = source.text.get(..span.range().start).unwrap_or(&source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        format!("{}:{line}:{column}", source.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_a_text_leads_up_to_the_command_line() {
        let mut sources = SourceMap::default();
        let root = sources.add("nest.yaml", "include: [a.yaml]");
        let here = Origin { span: Span { source: root, start: 10, end: 16 }, how: How::Included };
        let a = sources.add_from("a.yaml", "include: [b.yaml]", Some(here));
        let there = Origin { span: Span { source: a, start: 10, end: 16 }, how: How::Extended };
        let b = sources.add_from("b.yaml", "", Some(there));
        assert_eq!(sources.way(b), [there, here]);
        assert_eq!(sources.way(root), []);
    }
}
