//! Files → trees with their variables filled in.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::SourceMap;
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
/// Bytes that variables may add to one file.
const ADDED_LIMIT: usize = 64 << 20;

impl Lowering<'_> {
    /// The name of a file as the user knows it.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        if path == Path::new("-") {
            return "<stdin>".to_owned();
        }
        path.strip_prefix(&self.entry.directory).unwrap_or(path).display().to_string()
    }

    /// Reads a file as text. `mention` is where a file names it; `None` for the command line.
    fn text(&self, path: &Path, mention: Option<Span>) -> Option<(SourceId, Rc<str>)> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text = self.read_text(path, mention);
        // What is not there is said wherever it is named.
        if self.files.exists(path) {
            self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        }
        text
    }

    fn read_text(&self, path: &Path, mention: Option<Span>) -> Option<(SourceId, Rc<str>)> {
        let name = self.name_of(path);
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => format!("the file `{name}` does not exist"),
                    _ => format!("the file `{name}` cannot be read: {error}"),
                };
                let mut problem = Diagnostic::error(Code::FileNotFound, message).help("Check the path.");
                if let Some(span) = mention {
                    let help = "Paths are relative to the directory of the file that names them.";
                    problem = problem.at(span, "named here").help(help);
                }
                self.problems.push(problem);
                return None;
            }
        };
        match decode(&bytes) {
            Ok(text) => Some((self.sources.borrow_mut().add(name, text.as_str()), text.into())),
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
        if self.files.exists(path) {
            self.trees.borrow_mut().insert(path.to_owned(), tree.clone());
        }
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
pub(crate) fn fill_in(tree: &mut Node, vars: &Vars, problems: &Problems, sources: &SourceMap) {
    let mut filling = Filling { vars, problems, sources, unset: BTreeMap::new(), added: 0 };
    filling.node(tree);
    for (name, places) in filling.unset {
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

struct Filling<'a> {
    vars: &'a Vars,
    problems: &'a Problems,
    sources: &'a SourceMap,
    unset: BTreeMap<String, Vec<Span>>,
    /// Bytes of all texts that variables were filled into.
    added: usize,
}

impl Filling<'_> {
    fn node(&mut self, node: &mut Node) {
        let (span, head) = (node.span, node.head);
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item)),
            Value::Mapping(pairs) => pairs.iter_mut().for_each(|pair| self.node(&mut pair.value)),
            Value::Scalar(scalar) => self.scalar(scalar, span, head),
        }
    }

    fn scalar(&mut self, scalar: &mut Scalar, span: Span, head: Span) {
        if self.added > ADDED_LIMIT {
            return;
        }
        let Some(result) = interpolate(&scalar.text, &|name| self.vars.get(name).cloned()) else { return };
        match result {
            Ok(filled) => {
                self.added += filled.text.len();
                if self.added > ADDED_LIMIT {
                    let message = "the file is larger than 64 MiB once its variables are filled in";
                    self.problems.error(
                        Code::TooLarge,
                        head,
                        message,
                        "Give shorter values to its variables.",
                    );
                }
                for (name, range) in filled.unset {
                    let place = self.part(scalar, span, head, range);
                    let places = self.unset.entry(name).or_default();
                    if places.len() < PLACES && !places.contains(&place) {
                        places.push(place);
                    }
                }
                *scalar = Scalar { text: filled.text, plain: false, refused: scalar.refused };
            }
            Err(fault) => {
                let place = self.part(scalar, span, head, fault.range);
                self.problems.error(Code::Interpolation, place, fault.message, fault.help);
                scalar.refused = true;
            }
        }
    }

    /// The place of a part of a scalar: where its text stands in the source as it is, else the scalar. The text
    /// of a quoted or folded scalar is not the source's, but a variable within it is.
    fn part(&self, scalar: &Scalar, span: Span, head: Span, range: Range<usize>) -> Span {
        let source = self.sources.get(span.source).and_then(|source| source.text.get(span.start..span.end));
        let (Some(source), Some(wanted)) = (source, scalar.text.get(range.clone())) else { return head };
        let same = |start: usize| source.get(start..).is_some_and(|rest| rest.starts_with(wanted));
        let shift = usize::from(source.starts_with(['"', '\'']));
        let start = if same(range.start + shift) { Some(range.start + shift) } else { source.find(wanted) };
        start.map_or(head, |start| {
            let start = span.start + start;
            Span { start, end: start + wanted.len(), ..span }
        })
    }
}
