//! What to say when a text is not YAML. One of the two files that name the YAML crate.

use granit_parser::{ErrorKind, ScanError};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::{SourceId, Span};

/// The problem behind a scanner's error, at the place that a person would look at.
pub(crate) fn explain(error: &ScanError, text: &str, source: SourceId) -> Diagnostic {
    let at = floor(text, error.marker().byte_offset().unwrap_or(0));
    if let Some(tab) = tab_near(text, at) {
        let span = Span::new(source, tab, tab + 1);
        return Diagnostic::error(Code::YamlSyntax, "a tab is used for indentation")
            .at(span, "here")
            .help("YAML is indented with spaces only: replace the tab by spaces.");
    }
    let end = text[at..].chars().next().filter(|c| *c != '\n').map_or(at, |c| at + c.len_utf8());
    let span = Span::new(source, at, end);
    let (code, message, help) = words(error);
    Diagnostic::error(code, message).at(span, "").help(help)
}

fn words(error: &ScanError) -> (Code, String, &'static str) {
    use ErrorKind as Kind;
    let syntax = |message: &str, help| (Code::YamlSyntax, message.to_owned(), help);
    match error.kind() {
        Kind::RecursionLimitExceeded => {
            (Code::TooLarge, "the file is nested too deeply".to_owned(), super::build::DEPTH_HELP)
        }
        Kind::UnclosedQuotedScalar => syntax(
            "a quote is opened and never closed",
            "Close it, or write the text without quotes if none was meant.",
        ),
        Kind::UnclosedFlowCollection { open } => (
            Code::YamlSyntax,
            format!("`{open}` is opened and never closed"),
            "Close it, or quote the text if the bracket belongs to it.",
        ),
        Kind::MismatchedFlowCollectionEnd { open, close } => (
            Code::YamlSyntax,
            format!("`{open}` is closed by `{close}`"),
            "Close each bracket with its own kind.",
        ),
        Kind::MisplacedFlowCollectionEnd => {
            syntax("a bracket is closed that was never opened", "Take it away.")
        }
        Kind::MappingValueNotAllowed => syntax(
            "a `:` stands where no value can begin",
            "Check for a missing `:` in the line above, put each key on a line of its own, and quote text that contains `: `.",
        ),
        Kind::MappingKeyNotAllowed => {
            syntax("a key stands where none can be", "Check the indentation of this line and the one above.")
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            syntax("a `:` is missing after a key", "Write `key: value`, with a space after the colon.")
        }
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation | Kind::UnexpectedEndOfPlainScalar => {
            syntax(
                "this line does not fit the ones above",
                "Indent the keys of one mapping alike, and the items of one list alike.",
            )
        }
        Kind::ExpectedBlockSequenceEntry | Kind::BlockSequenceEntryNotAllowed => syntax(
            "a list item stands where none can be",
            "Begin each item with `- ` at the same column, below its key.",
        ),
        Kind::UnexpectedCharacter { character } => {
            (Code::YamlSyntax, format!("`{character}` cannot begin a value"), "Put the text in quotes.")
        }
        Kind::UnknownAnchor => {
            (Code::UnknownAnchor, "the alias has no anchor".to_owned(), "Define it before with `&name`.")
        }
        Kind::UnknownQuotedScalarEscape => syntax(
            "the escape in the double-quoted text is not known",
            "Write `\\\\` for a backslash, or use single quotes.",
        ),
        Kind::UndeclaredTagHandle => syntax("the tag is not known", "Take it away."),
        Kind::DuplicateVersionDirective | Kind::UnsupportedYamlMajorVersion | Kind::DirectiveDisallowed => {
            syntax("a `%` directive cannot stand here", "Take the line away.")
        }
        kind => {
            (Code::YamlSyntax, format!("not valid YAML: {kind}"), "Check this line and the one above it.")
        }
    }
}

/// The first tab in the indentation of the line at `at` or the line before.
fn tab_near(text: &str, at: usize) -> Option<usize> {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[..line.saturating_sub(1)].rfind('\n').map_or(0, |newline| newline + 1);
    [line, before].into_iter().find_map(|start| {
        let rest = &text[start..];
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[..indent].find('\t').map(|tab| start + tab)
    })
}

/// The largest character boundary up to `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
