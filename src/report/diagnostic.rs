//! Problems with the lines of the file that they point at. The only file that names miette.

use std::borrow::Cow;
use std::fmt::{self, Write};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diag::diagnostic::{Diagnostic, Label, Severity};
use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::model::span::SourceId;

use super::style::Style;
use super::width::visible;

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
    theme.characters.advice = if style.unicode { "→" } else { "->" }.to_owned();
    theme.characters.warning = if style.unicode { "▲" } else { "!" }.to_owned();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(columns).without_cause_chain();
    let mut out = String::new();
    for shown in Shown::all(diagnostic, sources) {
        if handler.render_report(&mut out, &shown).is_err() {
            // A span outside of its text, which the handler refuses: say it without the lines.
            writeln!(out, "{}: {}", severity_word(diagnostic.severity), shown.message).expect("a string");
        }
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
    visible(&out).into_owned()
}

/// `error` or `warning`.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A problem as miette wants it: one text, places in other texts are reports of their own.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    message: String,
    help: Option<String>,
    text: Option<Text<'a>>,
    labels: Vec<LabeledSpan>,
    main: bool,
}

/// A source text as it is shown.
struct Text<'a> {
    name: String,
    text: Cow<'a, str>,
}

impl<'a> Shown<'a> {
    /// The problem itself with its places in the first file, then one for each other file.
    fn all(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Vec<Self> {
        let mut by_source: Vec<(SourceId, Vec<&Label>)> = Vec::new();
        for label in &diagnostic.labels {
            match by_source.iter_mut().find(|(source, _)| *source == label.span.source) {
                Some((_, labels)) => labels.push(label),
                None => by_source.push((label.span.source, vec![label])),
            }
        }
        let blank = |message: &str, help: Option<&str>, main: bool| Self {
            diagnostic,
            message: visible(message).into_owned(),
            help: help.map(|help| visible(help).into_owned()),
            text: None,
            labels: Vec::new(),
            main,
        };
        let mut out = vec![blank(&diagnostic.message, diagnostic.help.as_deref(), true)];
        for (i, (source, labels)) in by_source.into_iter().enumerate() {
            if i > 0 {
                out.push(blank(&format!("see also {}", sources.place(labels[0].span)), None, false));
            }
            out.last_mut().expect("there is one").point(source, &labels, sources);
        }
        // How the file of the main place came in, unless a label says so.
        let main = diagnostic.labels.first().map(|label| sources.way(label.span.source)).unwrap_or_default();
        for origin in main {
            if diagnostic.labels.iter().all(|label| label.span != origin.span) {
                let label = Label { span: origin.span, text: origin.how.label().to_owned() };
                out.push(blank(&format!("came in at {}", sources.place(origin.span)), None, false));
                out.last_mut().expect("there is one").point(origin.span.source, &[&label], sources);
            }
        }
        out
    }

    fn point(&mut self, id: SourceId, labels: &[&Label], sources: &'a SourceMap) {
        let Some(source) = sources.get(id) else { return };
        if labels.iter().any(|label| is_near_a_long_line(&source.text, label)) {
            let places: Vec<String> = labels
                .iter()
                .map(|label| {
                    let said =
                        if label.text.is_empty() { String::new() } else { format!(": {}", label.text) };
                    visible(&format!("at {}{said}", sources.place(label.span))).into_owned()
                })
                .collect();
            let help = self.help.take().map_or(String::new(), |help| format!("\n{help}"));
            self.help = Some(format!("{}{help}", places.join("\n")));
            return;
        }
        let text = visible(&source.text);
        let is_as_written = matches!(text, Cow::Borrowed(_));
        // What is written out is longer than it was.
        let shown = |at: usize| match source.text.get(..at) {
            Some(before) if !is_as_written => visible(before).len(),
            _ => at,
        };
        self.text = Some(Text { name: visible(&source.name).into_owned(), text });
        self.labels = labels
            .iter()
            .enumerate()
            .map(|(i, label)| {
                let range = label.span.range();
                let end = range.end.min(source.text.len());
                let start = range.start.min(end);
                let said = (!label.text.is_empty()).then(|| visible(&label.text).into_owned());
                let (start, end) = (shown(start), shown(end));
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
    let range = label.span.range();
    let end = range.end.min(text.len());
    let start = range.start.min(end);
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
        let inner = self.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code::Code;
    use crate::model::span::Span;

    const STYLE: Style = Style { color: false, unicode: true };

    fn span(sources: &SourceMap, id: SourceId, text: &str) -> Span {
        let start = sources.get(id).expect("added").text.find(text).expect("it is in the text");
        Span::new(id, start, start + text.len())
    }

    fn two_files() -> (SourceMap, SourceId, SourceId) {
        let mut sources = SourceMap::default();
        let nest = sources.add("nest.yaml", "services:\n  vm1:\n    engine: dind\n    imgae: docker:dind\n");
        let inner = sources.add("ci/compose.yaml", "services:\n  web:\n    ports: [\"8080:80\"]\n");
        (sources, nest, inner)
    }

    #[test]
    fn a_problem_shows_its_line_its_label_and_what_to_do() {
        let (sources, nest, _) = two_files();
        let diagnostic = Diagnostic::error(Code::UnknownKey, "unknown key `imgae`")
            .at(span(&sources, nest, "imgae"), "not a key of a service")
            .help("did you mean `image`?");
        insta::assert_snapshot!(render(&diagnostic, &sources, STYLE, 80), @r"
        nest::unknown-key

          ✘ unknown key `imgae`
           ╭─[nest.yaml:4:5]
         3 │     engine: dind
         4 │     imgae: docker:dind
           ·     ──┬──
           ·       ╰── not a key of a service
           ╰────
          help: did you mean `image`?
        ");
    }

    #[test]
    fn places_in_another_file_are_shown_below() {
        let (sources, nest, inner) = two_files();
        let diagnostic = Diagnostic::error(Code::PortClash, "port 8080 is published twice on one engine")
            .at(span(&sources, inner, "\"8080:80\""), "here")
            .at(span(&sources, nest, "docker:dind"), "and here");
        insta::assert_snapshot!(render(&diagnostic, &sources, STYLE, 80), @r#"
        nest::port-clash

          ✘ port 8080 is published twice on one engine
           ╭─[ci/compose.yaml:3:13]
         2 │   web:
         3 │     ports: ["8080:80"]
           ·             ────┬────
           ·                 ╰── here
           ╰────
          → see also nest.yaml:4:12
           ╭─[nest.yaml:4:12]
         3 │     engine: dind
         4 │     imgae: docker:dind
           ·            ─────┬─────
           ·                 ╰── and here
           ╰────
        "#);
    }

    #[test]
    fn a_problem_without_a_place_has_message_and_help() {
        let diagnostic =
            Diagnostic::warning(Code::Taken, "volume `data` was not made by nestctl").help("remove it");
        insta::assert_snapshot!(render(&diagnostic, &SourceMap::default(), Style::PLAIN, 80), @r"
        nest::taken

          ! volume `data` was not made by nestctl
          help: remove it
        ");
    }

    #[test]
    fn control_characters_of_a_file_are_shown_and_reach_no_terminal() {
        let mut sources = SourceMap::default();
        let id = sources.add("ne\u{7}st.yaml", "a: \"\u{1b}[31mred\u{7}\"\r\nb: \u{9b}1\r\n");
        let place = span(&sources, id, "red");
        let diagnostic = Diagnostic::error(Code::BadValue, "`\u{1b}[31m` is no colour")
            .at(place, "here\u{1b}")
            .help("not \u{7}");
        insta::assert_snapshot!(render(&diagnostic, &sources, STYLE, 80), @r#"
        nest::bad-value

          ✘ `\x1b[31m` is no colour
           ╭─[ne\x07st.yaml:1:13]
         1 │ a: "\x1b[31mred\x07"
           ·             ─┬─
           ·              ╰── here\x1b
         2 │ b: \x9b1
           ╰────
          help: not \x07
        "#);
        let line = one_line(&diagnostic, &sources);
        assert!(!line.contains(char::is_control), "{line:?}");
    }

    #[test]
    fn a_line_as_long_as_a_book_is_not_quoted() {
        let mut sources = SourceMap::default();
        let id = sources.add("nest.yaml", format!("a: {}\nb: 1\n", "x".repeat(10_000_000)));
        let diagnostic =
            Diagnostic::error(Code::UnknownKey, "unknown key `b`").at(span(&sources, id, "b"), "not a key");
        let text = render(&diagnostic, &sources, STYLE, 80);
        assert!(text.len() < 500, "{} bytes", text.len());
        assert!(text.contains("at nest.yaml:2:1: not a key"), "{text}");
    }

    #[test]
    fn a_span_outside_of_its_text_does_no_harm() {
        let (sources, nest, _) = two_files();
        let beyond = Span { source: nest, start: 9_000, end: 9_010 };
        let diagnostic = Diagnostic::error(Code::BadValue, "bad").at(beyond, "here");
        assert!(render(&diagnostic, &sources, STYLE, 80).contains("bad"));
    }

    #[test]
    fn one_line_names_place_and_code() {
        let (sources, nest, _) = two_files();
        let diagnostic =
            Diagnostic::error(Code::UnknownKey, "unknown key `imgae`").at(span(&sources, nest, "imgae"), "");
        assert_eq!(
            one_line(&diagnostic, &sources),
            "error: unknown key `imgae` (nest.yaml:4:5) [nest::unknown-key]"
        );
    }
}
