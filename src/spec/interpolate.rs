//! `$VAR`, `${VAR}` and their forms with defaults, in every value of a tree; keys stay as they are.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::model::span::Span;

use super::files::Vars;
use super::tree::{Node, Value};

/// Expressions within defaults within defaults: deeper than this nobody writes.
const MAX_DEPTH: usize = 32;

/// Replaces the variables in all values below `node`.
pub(in crate::spec) fn tree(node: &mut Node, vars: &Vars, diagnostics: &mut Diagnostics) {
    match &mut node.value {
        Value::Null => {}
        Value::Scalar { text, .. } => {
            if text.contains('$') {
                let span = node.span;
                let (new, problems) = text_of(text, vars);
                for name in problems.unset {
                    diagnostics.push(
                        Diagnostic::warning(Code::UnsetVariable, format!("the variable `{name}` is not set"))
                            .at(span, "an empty text stands here instead")
                            .help(format!(
                                "set it, give a default (`${{{name}:-…}}`), or write `$$` for a `$`"
                            )),
                    );
                }
                for (message, help) in problems.errors {
                    diagnostics.push(error(message, help, span));
                }
                *text = new;
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(|item| tree(item, vars, diagnostics)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| tree(value, vars, diagnostics)),
    }
}

fn error(message: String, help: Option<String>, span: Span) -> Diagnostic {
    let problem = Diagnostic::error(Code::Interpolation, message).at(span, "");
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What went wrong in one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::spec) struct Problems {
    /// Variables without value or default.
    pub(in crate::spec) unset: BTreeSet<String>,
    /// What makes the text unusable, and what to do.
    pub(in crate::spec) errors: Vec<(String, Option<String>)>,
}

/// `text` with its variables replaced.
pub(in crate::spec) fn text_of(text: &str, vars: &Vars) -> (String, Problems) {
    let mut run = Run { vars, problems: Problems::default() };
    let new = run.replace(text, 0);
    (new, run.problems)
}

struct Run<'a> {
    vars: &'a Vars,
    problems: Problems,
}

impl Run<'_> {
    fn replace(&mut self, text: &str, depth: usize) -> String {
        if depth > MAX_DEPTH {
            self.fail("defaults are nested too deep", None);
            return String::new();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(tail) = after.strip_prefix('$') {
                out.push('$');
                rest = tail;
            } else if let Some(body) = after.strip_prefix('{') {
                let Some(end) = closing_brace(body) else {
                    self.fail(format!("`{}` is not closed", &rest[at..]), Some("add the missing `}`"));
                    return out;
                };
                out.push_str(&self.expression(&body[..end], depth));
                rest = &body[end + 1..];
            } else {
                let name = name_length(after);
                if name == 0 {
                    self.fail(
                        "a `$` must be followed by a variable's name".to_owned(),
                        Some("write `$$` for a `$`"),
                    );
                    out.push('$');
                } else {
                    out.push_str(&self.value(&after[..name]));
                }
                rest = &after[name..];
            }
        }
        out.push_str(rest);
        out
    }

    fn value(&mut self, name: &str) -> String {
        self.vars.get(name).cloned().unwrap_or_else(|| {
            self.problems.unset.insert(name.to_owned());
            String::new()
        })
    }

    /// What stands between the braces.
    fn expression(&mut self, body: &str, depth: usize) -> String {
        let (name, rest) = body.split_at(name_length(body));
        if name.is_empty() {
            self.fail(
                format!("`${{{body}}}` does not begin with a variable's name"),
                Some("write `$$` for a `$`"),
            );
            return String::new();
        }
        if rest.is_empty() {
            return self.value(name);
        }
        let (empty_counts, operator) = match rest.strip_prefix(':') {
            Some(operator) => (false, operator),
            None => (true, rest),
        };
        let set = self.vars.get(name).filter(|value| empty_counts || !value.is_empty()).cloned();
        let mut letters = operator.chars();
        match (letters.next(), set) {
            (Some('-'), None) | (Some('+'), Some(_)) => self.replace(letters.as_str(), depth + 1),
            (Some('+'), None) => String::new(),
            (Some('?'), None) => {
                let said = self.replace(letters.as_str(), depth + 1);
                let message = match said.trim() {
                    "" => format!("the variable `{name}` must be set"),
                    said => format!("the variable `{name}` must be set: {said}"),
                };
                self.fail(message, None);
                String::new()
            }
            (Some('-' | '?'), Some(value)) => value,
            _ => {
                self.fail(
                    format!("`${{{body}}}` is not a variable with a default"),
                    Some("the forms are `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `${VAR:+replacement}`"),
                );
                String::new()
            }
        }
    }

    fn fail(&mut self, message: impl Into<String>, help: Option<&str>) {
        self.problems.errors.push((message.into(), help.map(str::to_owned)));
    }
}

/// Where the brace is that closes an expression whose text begins at `body`.
fn closing_brace(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut open = 1;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                open += 1;
                at += 1;
            }
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Length in bytes of the variable name at the beginning of `text`.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars() -> Vars {
        [("A", "a"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    fn clean(text: &str) -> String {
        let (new, problems) = text_of(text, &vars());
        assert_eq!(problems, Problems::default(), "{text}");
        new
    }

    #[test]
    fn every_form_of_compose_is_known() {
        for (text, expected) in [
            ("x$A-${A}", "xa-a"),
            ("$$A", "$A"),
            ("${NO:-d}${NO-d}", "dd"),
            ("${EMPTY:-d}${EMPTY-d}", "d"),
            ("${A:+r}${EMPTY:+r}${EMPTY+r}${NO+r}", "rr"),
            ("${A:?e}${A?e}", "aa"),
            ("${NO:-${ALSO_NO:-$A}}!", "a!"),
            ("${NO:-{x}}", "{x}"),
            ("${NO:-}", ""),
            ("${NO:-$$}", "$"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }

    #[test]
    fn unset_variables_are_empty_and_named() {
        let (new, problems) = text_of("$NO/${NOR}", &vars());
        assert_eq!(new, "/");
        assert_eq!(problems.unset.into_iter().collect::<Vec<_>>(), ["NO", "NOR"]);
        assert_eq!(problems.errors, []);
    }

    #[test]
    fn malformed_expressions_are_errors() {
        for text in ["${A", "$", "a $ b", "${}", "${A!x}", "$1", "${NO:?}", "${EMPTY:?say}"] {
            assert_eq!(text_of(text, &vars()).1.errors.len(), 1, "{text}");
        }
        assert!(text_of("${NO?because}", &vars()).1.errors[0].0.ends_with(": because"));
    }

    #[test]
    fn deep_nesting_ends() {
        let text = format!("{}{}", "${X:-".repeat(500), "}".repeat(500));
        assert!(!text_of(&text, &vars()).1.errors.is_empty());
    }
}
