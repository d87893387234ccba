//! Where every stage of reading leaves what it has to say.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::diag::code::Code;
use crate::diag::diagnostic::{Diagnostic, Severity};
use crate::diag::diagnostics::Diagnostics;
use crate::model::span::{SourceId, Span};

/// More problems than this tell a person nothing, and would make a hostile file expensive.
pub(crate) const LIMIT: usize = 200;

/// A notebook that readers share: a problem never ends the reading of what stands beside it.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pages: RefCell<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    list: Vec<Diagnostic>,
    seen: HashSet<(Code, Option<Span>, String)>,
    /// Whether some were left out.
    more: bool,
    /// Texts that are another one, read again in other surroundings.
    same: HashMap<SourceId, SourceId>,
}

impl Problems {
    /// Notes a problem, unless the very same is noted already (a file that two nodes name).
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        let mut pages = self.pages.borrow_mut();
        if pages.list.len() >= LIMIT {
            pages.more = true;
            return;
        }
        let place = diagnostic.labels.first().map(|label| label.span);
        let place = place.map(|span| Span {
            source: pages.same.get(&span.source).copied().unwrap_or(span.source),
            ..span
        });
        if pages.seen.insert((diagnostic.code, place, diagnostic.message.clone())) {
            pages.list.push(diagnostic);
        }
    }

    /// `source` is the text of `first` once more: a problem in it is said once.
    pub(crate) fn same_text(&self, source: SourceId, first: SourceId) {
        if source != first {
            self.pages.borrow_mut().same.insert(source, first);
        }
    }

    /// Notes an error at one place, with what to do.
    pub(crate) fn error(&self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Diagnostic::error(code, message).at(span, "").help(help));
    }

    /// Whether nothing more is noted: looking for words would be for nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.pages.borrow().more
    }

    /// Whether an error is among them.
    pub(crate) fn has_errors(&self) -> bool {
        self.pages.borrow().list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them.
    pub(crate) fn into_diagnostics(self) -> Diagnostics {
        let pages = self.pages.into_inner();
        let mut out = Diagnostics::new();
        for diagnostic in pages.list {
            out.push(diagnostic);
        }
        if pages.more {
            let message = format!("there are more problems than the {LIMIT} shown");
            out.push(Diagnostic::error(Code::TooLarge, message).help("Correct these first."));
        }
        out
    }
}
