//! Variables filled into the values of a tree.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::SourceMap;
use crate::model::span::Span;
use crate::spec::files::Vars;
use crate::spec::problems::Problems;
use crate::spec::text::interpolate::interpolate;
use crate::spec::tree::node::{Node, Scalar, Value};

/// Places shown for one variable that is not set.
const PLACES: usize = 4;
/// Bytes that variables may add to one file.
const ADDED_LIMIT: usize = 64 << 20;

/// Fills variables into every value of a tree. Keys stay as they are, as in Compose.
pub(crate) fn fill_in(tree: &mut Node, vars: &Vars, problems: &Problems, sources: &SourceMap) {
    let mut filling = Filling { vars, problems, sources, unset: BTreeMap::new(), added: 0 };
    filling.node(tree);
    for (name, places) in filling.unset {
        let mut problem = unset(&name);
        for place in places.into_iter().take(PLACES) {
            problem = problem.at(place, "");
        }
        problems.push(problem);
    }
}

/// What to say of a variable that is not set.
pub(super) fn unset(name: &str) -> Diagnostic {
    Diagnostic::warning(Code::UnsetVariable, format!("the variable `{name}` is not set"))
        .help(format!("Set it, or give a default: `${{{name}:-default}}`. It stands for nothing now."))
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
                *scalar = Scalar { text: filled.text.into(), plain: false, refused: scalar.refused };
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
        let source = self.sources.get(span.source).and_then(|source| source.text.get(span.range()));
        let (Some(source), Some(wanted)) = (source, scalar.text.get(range.clone())) else { return head };
        let same = |start: usize| source.get(start..).is_some_and(|rest| rest.starts_with(wanted));
        let shift = usize::from(source.starts_with(['"', '\'']));
        let start = if same(range.start + shift) { Some(range.start + shift) } else { source.find(wanted) };
        start.map_or(head, |start| {
            let start = span.range().start + start;
            Span::new(span.source, start, start + wanted.len())
        })
    }
}
