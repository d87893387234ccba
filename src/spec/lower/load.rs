//! Files → trees with their variables filled in.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::{SourceId, Span};
use crate::spec::files::Vars;
use crate::spec::problems::Problems;
use crate::spec::text::dotenv::{self, Variables};
use crate::spec::text::interpolate::interpolate;
use crate::spec::tree::build::build;
use crate::spec::tree::decode::decode;
use crate::spec::tree::node::{Node, Scalar, Value};

use super::lowering::Lowering;

/// Places shown for one variable that is not set.
const PLACES: usize = 4;

impl Lowering<'_> {
    /// The name of a file as the user knows it.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        if path == Path::new("-") {
            return "<stdin>".to_owned();
        }
        path.strip_prefix(&self.entry.directory).unwrap_or(path).display().to_string()
    }

    /// Reads a file as text. `mention` is where a file names it; `None` for the command line.
    fn text(&self, path: &Path, mention: Option<Span>) -> Option<(SourceId, String)> {
        let name = self.name_of(path);
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => format!("the file `{name}` does not exist"),
                    _ => format!("the file `{name}` cannot be read: {error}"),
                };
                let mut problem = Diagnostic::error(Code::FileNotFound, message);
                if let Some(span) = mention {
                    let help = "Paths are relative to the directory of the file that names them.";
                    problem = problem.at(span, "named here").help(help);
                }
                self.problems.push(problem);
                return None;
            }
        };
        match decode(&bytes) {
            Ok(text) => Some((self.sources.borrow_mut().add(name, text.as_str()), text)),
            Err((text, mut problem)) => {
                let source = self.sources.borrow_mut().add(name, text);
                for label in &mut problem.labels {
                    label.span.source = source;
                }
                self.problems.push(*problem);
                None
            }
        }
    }

    /// Reads a lab file. The variables are still in it.
    pub(crate) fn tree(&self, path: &Path, mention: Option<Span>) -> Option<Rc<Node>> {
        if let Some(known) = self.trees.borrow().get(path) {
            return known.clone();
        }
        let tree = self
            .text(path, mention)
            .and_then(|(source, text)| build(&text, source, self.problems))
            .map(Rc::new);
        self.trees.borrow_mut().insert(path.to_owned(), tree.clone());
        tree
    }

    /// Reads a file of variables, and notes what is wrong in it.
    pub(crate) fn variables(
        &self,
        path: &Path,
        mention: Option<Span>,
        vars: &Vars,
        raw: bool,
    ) -> Option<Variables> {
        let (source, text) = self.text(path, mention)?;
        let read = if raw {
            dotenv::parse_raw(&text)
        } else {
            dotenv::parse(&text, &|name| vars.get(name).cloned())
        };
        for fault in &read.faults {
            let span = clamp(&text, source, fault.range.start, fault.range.end);
            self.problems.error(Code::Interpolation, span, fault.message.as_str(), fault.help.as_str());
        }
        Some(read)
    }

    /// Variables of the environment, with those of a file of variables below them.
    pub(crate) fn vars_with(&self, path: &Path, mention: Option<Span>, vars: &Vars) -> Vars {
        let mut out = vars.clone();
        for (name, value) in self.variables(path, mention, vars, false).unwrap_or_default().list {
            if let (Some(value), false) = (value, vars.contains_key(&name)) {
                out.insert(name, value);
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
    Span { source, start, end: boundary(end).max(start) }
}

/// Fills variables into every value of a tree. Keys stay as they are, as in Compose.
pub(crate) fn fill_in(tree: &mut Node, vars: &Vars, problems: &Problems) {
    let mut unset = BTreeMap::new();
    fill_node(tree, vars, problems, &mut unset);
    for (name, places) in unset {
        let mut problem =
            Diagnostic::warning(Code::UnsetVariable, format!("the variable `{name}` is not set")).help(
                format!("Set it, or give a default: `${{{name}:-default}}`. It stands for nothing now."),
            );
        for place in places.into_iter().take(PLACES) {
            problem = problem.at(place, "");
        }
        problems.push(problem);
    }
}

fn fill_node(node: &mut Node, vars: &Vars, problems: &Problems, unset: &mut BTreeMap<String, Vec<Span>>) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| fill_node(item, vars, problems, unset)),
        Value::Mapping(pairs) => {
            pairs.iter_mut().for_each(|pair| fill_node(&mut pair.value, vars, problems, unset));
        }
        Value::Scalar(scalar) => {
            let Some(result) = interpolate(&scalar.text, &|name| vars.get(name).cloned()) else { return };
            let part = |range: std::ops::Range<usize>| part(scalar, node.span, node.head, range);
            match result {
                Ok(filled) => {
                    for (name, range) in filled.unset {
                        let places = unset.entry(name).or_default();
                        let place = part(range);
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                    *scalar = Scalar { text: filled.text, plain: false };
                }
                Err(fault) => {
                    problems.error(Code::Interpolation, part(fault.range), fault.message, fault.help);
                    // The text stays, as text: whatever reads it goes on.
                    scalar.plain = false;
                }
            }
        }
    }
}

/// The place of a part of a scalar, where text and source agree byte by byte; else the scalar.
fn part(scalar: &Scalar, span: Span, head: Span, range: std::ops::Range<usize>) -> Span {
    let written = span.end - span.start;
    let shift = if span != head {
        return head;
    } else if written == scalar.text.len() {
        0
    } else if written == scalar.text.len() + 2 {
        1
    } else {
        return head;
    };
    Span { start: span.start + shift + range.start, end: span.start + shift + range.end, ..span }
}
