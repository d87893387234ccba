//! Files → texts and variables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::{How, Origin};
use crate::model::span::{SourceId, Span};
use crate::spec::files::Vars;
use crate::spec::text::dotenv::{self, Variables};
use crate::spec::text::interpolate::Lookup;
use crate::spec::tree::decode::decode;

use super::lowering::Lowering;

impl Lowering<'_> {
    /// The name of a file as the user knows it.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        if path == Path::new("-") {
            return "<stdin>".to_owned();
        }
        path.strip_prefix(&self.entry.directory).unwrap_or(path).display().to_string()
    }

    /// A number for the text of a file, as something that `origin` names.
    pub(super) fn number(&self, path: &Path, origin: Option<Origin>) -> Option<SourceId> {
        let text = self.text(path, origin)?;
        let source = self.sources.borrow_mut().add_from(self.name_of(path), text, origin);
        let first = *self.numbers.borrow_mut().entry(path.to_owned()).or_insert(source);
        self.problems.same_text(source, first);
        Some(source)
    }

    /// Reads a file as text. `origin` is what names it; `None` for the command line.
    pub(super) fn text(&self, path: &Path, origin: Option<Origin>) -> Option<Arc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text = self.read_text(path, origin);
        // What is not there is said wherever it is named.
        if text.is_some() || self.files.exists(path) {
            self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        }
        text
    }

    fn read_text(&self, path: &Path, origin: Option<Origin>) -> Option<Arc<str>> {
        let name = self.name_of(path);
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => format!("the file `{name}` does not exist"),
                    std::io::ErrorKind::IsADirectory => format!("`{name}` is a directory, not a file"),
                    _ => format!("the file `{name}` cannot be read: {error}"),
                };
                let mut problem = Diagnostic::error(Code::FileNotFound, message).help("Check the path.");
                if let Some(origin) = origin {
                    let help = "Paths are relative to the directory of the file that names them.";
                    problem = problem.at(origin.span, "named here").help(help);
                }
                self.problems.push(problem);
                return None;
            }
        };
        match decode(&bytes) {
            Ok(text) => Some(text),
            Err((text, mut problem)) => {
                let source = self.sources.borrow_mut().add_from(name, text, origin);
                for label in &mut problem.labels {
                    label.span.source = source;
                }
                self.problems.push(*problem);
                None
            }
        }
    }

    /// Reads a file of variables, and notes what is wrong in it.
    pub(crate) fn variables(
        &self,
        path: &Path,
        mention: Option<Span>,
        look_up: &Lookup,
        raw: bool,
    ) -> Option<Variables> {
        let origin = mention.map(|span| Origin { span, how: How::Variables });
        let text = self.text(path, origin)?;
        let read = if raw { dotenv::parse_raw(&text) } else { dotenv::parse(&text, look_up) };
        if !read.faults.is_empty() || !read.unset.is_empty() {
            let source = self.number(path, origin)?;
            for fault in &read.faults {
                let span = clamp(&text, source, fault.range.start, fault.range.end);
                self.problems.error(Code::Interpolation, span, fault.message.as_str(), fault.help.as_str());
            }
            for (name, range) in &read.unset {
                let span = clamp(&text, source, range.start, range.end);
                self.problems.push(super::fill::unset(name).at(span, ""));
            }
        }
        Some(read)
    }

    /// Variables of the environment, with those of files of variables below them; of the files the last wins.
    pub(crate) fn vars_with(&self, files: &[(PathBuf, Option<Span>)], vars: &Vars) -> Vars {
        let mut out = vars.clone();
        for (path, mention) in files {
            let read = {
                let look_up = |name: &str| out.get(name).cloned();
                self.variables(path, *mention, &look_up, false).unwrap_or_default()
            };
            for (name, value) in read.list {
                if let (Some(value), false) = (value, vars.contains_key(&name)) {
                    out.insert(name, value);
                }
            }
        }
        out
    }
}

fn clamp(text: &str, source: SourceId, start: usize, end: usize) -> Span {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(start);
    Span::new(source, start, boundary(end).max(start))
}
