//! Names that engines take.

use crate::diag::code::Code;
use crate::model::image::ImageRef;
use crate::model::span::Span;

use crate::spec::read::words::quote;

use super::lowering::Lowering;

/// What the name of a container, network or volume looks like (moby `daemon/names/names.go`).
const RULE: &str = "Use letters, digits, `.`, `_` and `-`, and begin with a letter or a digit.";

/// Whether an engine takes `text` as the name of an object.
pub(super) fn is_object_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 255
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

impl Lowering<'_> {
    /// Notes a name that no engine takes; `what` is "the container name" and the like.
    pub(super) fn check_name(&self, what: &str, text: &str, span: Span) -> bool {
        let ok = is_object_name(text);
        if !ok {
            self.problems.error(Code::BadName, span, format!("{} cannot be {what}", quote(text)), RULE);
        }
        ok
    }

    /// Notes an image reference that no engine takes.
    pub(super) fn check_image(&self, text: &str, span: Span) {
        if ImageRef::parse(text).is_none() {
            let help = "Write `name`, `name:tag` or `registry/name@sha256:…`, in lower case.";
            self.problems.error(
                Code::BadImage,
                span,
                format!("{} is not an image reference", quote(text)),
                help,
            );
        }
    }
}
