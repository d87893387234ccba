//! Bytes → text.

use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::{SourceId, Span};

/// A lab file is written by hand; above this size something else was meant.
const FILE_LIMIT: usize = 16 << 20;

/// The text of a file, or why it has none: the text to show beside the problem, and the problem.
pub(crate) fn decode(bytes: &[u8]) -> Result<Arc<str>, (String, Box<Diagnostic>)> {
    let refuse = |text: String, code: Code, range: (usize, usize), message: &str, help: &str| {
        let span = Span::new(SourceId::default(), range.0, range.1);
        Err((text, Box::new(Diagnostic::error(code, message).at(span, "").help(help))))
    };
    if bytes.len() > FILE_LIMIT {
        let help = "Keep large data in files of their own and mount them.";
        return refuse(String::new(), Code::TooLarge, (0, 0), "the file is larger than 16 MiB", help);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let help = "Save it as UTF-8.";
        return refuse(String::new(), Code::YamlSyntax, (0, 0), "the file is encoded in UTF-16", help);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let start = error.valid_up_to();
            let text = String::from_utf8_lossy(bytes).into_owned();
            // The replacement character stands where the bad bytes are, three bytes long.
            let range = (start, (start + 3).min(text.len()));
            refuse(text, Code::YamlSyntax, range, "the file is not valid UTF-8 here", "Save it as UTF-8.")
        }
    }
}
