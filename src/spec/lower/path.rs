//! Paths of the user's machine.

use std::path::{Component, Path, PathBuf};

use crate::diag::code::Code;
use crate::model::container::BindPath;
use crate::model::span::Span;

use super::lowering::Lowering;
use super::scope::Scope;

impl Lowering<'_> {
    /// The absolute path that `text` means for the user who wrote it in this layer.
    pub(crate) fn user_path(&self, text: &str, span: Span, scope: &Scope) -> Option<PathBuf> {
        self.path_from(text, span, &self.base_of(span, scope))
    }

    /// The absolute path that `text` means in a directory.
    pub(super) fn path_from(&self, text: &str, span: Span, base: &Path) -> Option<PathBuf> {
        let Some(rest) = text.strip_prefix('~') else { return Some(normal(&base.join(text))) };
        let Some(home) = &self.entry.home else {
            let help = "Set `HOME`, or write the path in full.";
            self.problems.error(
                Code::BadValue,
                span,
                "`~` stands for a home directory, and there is none",
                help,
            );
            return None;
        };
        if !rest.is_empty() && !rest.starts_with('/') {
            let help = "Write `~/…` for your own, or the path in full.";
            self.problems.error(
                Code::BadValue,
                span,
                "the home directory of another user is not known",
                help,
            );
            return None;
        }
        Some(normal(&home.join(rest.trim_start_matches('/'))))
    }

    /// Whose path the source of a bind is: relative ones and those within the lab's directory are the user's at
    /// every depth, any other is the engine's machine's, which at the root is the user's as well.
    pub(crate) fn bind_path(&self, text: &str, span: Span, scope: &Scope) -> Option<BindPath> {
        let path = self.user_path(text, span, scope)?;
        let foreign = text.starts_with('/')
            && !scope.path.is_root()
            && !path.starts_with(normal(&self.entry.directory));
        // Compose gives the engine an absolute path as it is written. Inside nodes paths are held against the lab's.
        let path = match text.starts_with('/') {
            true if scope.path.is_root() => PathBuf::from(text),
            true if text.len() > 1 && text.ends_with('/') => path.join(""),
            _ => path,
        };
        Some(if foreign { BindPath::Engine(path.display().to_string()) } else { BindPath::User(path) })
    }
}

/// The path without `.` and `..`, by its text alone.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // Above the root is the root.
            Component::ParentDir => {
                out.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(component),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_by_their_text() {
        assert_eq!(normal(Path::new("/lab/./a/../b/")), Path::new("/lab/b"));
        assert_eq!(normal(Path::new("/../x")), Path::new("/x"));
    }
}
