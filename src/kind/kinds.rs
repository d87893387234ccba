//! The table of kinds.

use super::kind::Kind;

/// Every kind, in the order in which help shows them.
pub const KINDS: &[&Kind] = &[];

/// The kind with this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}
