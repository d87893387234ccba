//! Problems with the lines of the file that they point at. The only file that names miette.

use std::fmt::{self, Write};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diag::diagnostic::{Diagnostic, Label, Severity};
use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::{Source, SourceMap};
use crate::model::span::SourceId;

use super::style::Style;

/// A line longer than this is not quoted: it would fill the screen (a key folded into one line, a minified file).
const LONGEST_LINE: usize = 400;

/// All problems in the order of their places, an empty line after each.
pub fn render_all(diagnostics: &Diagnostics, sources: &SourceMap, style: Style, columns: usize) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.sorted() {
        out.push_str(&render(diagnostic, sources, style, columns));
        out.push('\n');
    }
    out
}

/// One problem: code, message, the lines with their labels, and what to do.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style, columns: usize) -> String {
    let mut theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    theme.characters.error = if style.unicode { "✘" } else { "x" }.to_owned();
    theme.characters.warning = if style.unicode { "▲" } else { "!" }.to_owned();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(columns).without_cause_chain();
    let shown = Shown::new(diagnostic, sources);
    let mut out = String::new();
    if handler.render_report(&mut out, &shown).is_err() {
        // A span outside of its text, which the handler refuses: say it without the lines.
        out = format!("{}: {}\n", severity_word(diagnostic.severity), diagnostic.message);
    }
    out.lines().fold(String::new(), |mut trimmed, line| {
        trimmed.push_str(line.trim_end());
        trimmed.push('\n');
        trimmed
    })
}

/// One problem in one line: `error: message (nest.yaml:3:5) [nest::unknown-key]`.
pub fn one_line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = format!("{}: {}", severity_word(diagnostic.severity), diagnostic.message);
    if let Some(label) = diagnostic.labels.first() {
        write!(out, " ({})", sources.place(label.span)).expect("writing to a string cannot fail");
    }
    write!(out, " [{}]", diagnostic.code.as_str()).expect("writing to a string cannot fail");
    out
}

/// `error` or `warning`.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A problem as miette wants it: one text, with the places in other texts as related problems.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    message: String,
    help: Option<String>,
    text: Option<Text<'a>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown<'a>>,
    main: bool,
}

/// A source text by reference.
struct Text<'a>(&'a Source);

impl<'a> Shown<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Self {
        let mut by_source: Vec<(SourceId, Vec<&Label>)> = Vec::new();
        for label in &diagnostic.labels {
            match by_source.iter_mut().find(|(source, _)| *source == label.span.source) {
                Some((_, labels)) => labels.push(label),
                None => by_source.push((label.span.source, vec![label])),
            }
        }
        let mut groups = by_source.into_iter();
        let mut shown = Self {
            diagnostic,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            text: None,
            labels: Vec::new(),
            related: Vec::new(),
            main: true,
        };
        if let Some((source, labels)) = groups.next() {
            shown.point(source, &labels, sources);
        }
        for (source, labels) in groups {
            let mut related = Self {
                diagnostic,
                message: format!("see also {}", sources.place(labels[0].span)),
                help: None,
                text: None,
                labels: Vec::new(),
                related: Vec::new(),
                main: false,
            };
            related.point(source, &labels, sources);
            shown.related.push(related);
        }
        shown
    }

    fn point(&mut self, id: SourceId, labels: &[&Label], sources: &'a SourceMap) {
        let Some(source) = sources.get(id) else { return };
        if labels.iter().any(|label| is_near_a_long_line(&source.text, label)) {
            let places: Vec<String> = labels
                .iter()
                .map(|label| {
                    let said =
                        if label.text.is_empty() { String::new() } else { format!(": {}", label.text) };
                    format!("at {}{said}", sources.place(label.span))
                })
                .collect();
            let help = self.help.take().map_or(String::new(), |help| format!("\n{help}"));
            self.help = Some(format!("{}{help}", places.join("\n")));
            return;
        }
        self.text = Some(Text(source));
        self.labels = labels
            .iter()
            .enumerate()
            .map(|(i, label)| {
                let end = label.span.end.min(source.text.len());
                let start = label.span.start.min(end);
                let said = (!label.text.is_empty()).then(|| label.text.clone());
                let span = SourceSpan::from((start, end - start));
                if i == 0 {
                    LabeledSpan::new_primary_with_span(said, span)
                } else {
                    LabeledSpan::new_with_span(said, span)
                }
            })
            .collect();
    }
}

fn is_near_a_long_line(text: &str, label: &Label) -> bool {
    let end = label.span.end.min(text.len());
    let start = label.span.start.min(end);
    let bytes = text.as_bytes();
    // The labelled lines and one around them are quoted.
    let from = bytes[..start].iter().rev().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1);
    let from = from.map_or(0, |(back, _)| start - back);
    let to = bytes[end..].iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1);
    let to = to.map_or(bytes.len(), |(ahead, _)| end + ahead);
    bytes[from..to].split(|byte| *byte == b'\n').any(|line| line.len() > LONGEST_LINE)
}

impl SourceCode for Text<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.0.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.main.then(|| Box::new(self.diagnostic.code.as_str()) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            _ if !self.main => miette::Severity::Advice,
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        (!self.related.is_empty()).then(|| {
            Box::new(self.related.iter().map(|related| related as &dyn miette::Diagnostic))
                as Box<dyn Iterator<Item = &'a dyn miette::Diagnostic>>
        })
    }
}
