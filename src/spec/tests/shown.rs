//! Diagnostics as the plain lines that `.expected` files hold.

use std::fmt::Write as _;

use crate::diag::diagnostic::Severity;
use crate::spec::parse::Parsed;

/// `file:line:col code severity message`, then every other place, then the help.
pub(super) fn shown(parsed: &Parsed) -> String {
    let mut out = String::new();
    for problem in parsed.diagnostics.sorted() {
        let place = problem.labels.first().map_or("-".to_owned(), |label| parsed.sources.place(label.span));
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let code = problem.code.as_str();
        writeln!(out, "{place} {code} {severity} {}", problem.message).expect("a string takes all");
        if let Some(label) = problem.labels.first() {
            let source = parsed.sources.get(label.span.source).expect("a source of this run");
            let marked = &source.text[label.span.range()];
            let marked: String = marked.chars().take(60).collect();
            writeln!(out, "  marks: {marked:?} {}", label.text).expect("a string takes all");
        }
        for label in problem.labels.iter().skip(1) {
            let place = parsed.sources.place(label.span);
            writeln!(out, "  also: {place} {}", label.text).expect("a string takes all");
        }
        for origin in
            problem.labels.first().map(|label| parsed.sources.way(label.span.source)).unwrap_or_default()
        {
            let place = parsed.sources.place(origin.span);
            writeln!(out, "  way: {place} {}", origin.how.label()).expect("a string takes all");
        }
        if let Some(help) = &problem.help {
            writeln!(out, "  help: {help}").expect("a string takes all");
        }
    }
    out.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
