//! Paths of the user's machine in what is printed.

use std::path::{Component, Path, PathBuf};

use crate::model::container::BindPath;
use crate::model::span::Span;

use super::printer::Printer;

impl Printer<'_> {
    /// The absolute path that `text` means, written at `span`; the text itself where paths are not resolved.
    pub(super) fn path(&self, text: &str, span: Span) -> String {
        if !self.options.paths || text.is_empty() {
            return text.to_owned();
        }
        let path = self.lowering.user_path(text, span, self.scope);
        path.map_or_else(|| text.to_owned(), |path| path.display().to_string())
    }

    /// The source of a bind. Below the root an absolute path outside of the lab's directory is the engine's
    /// machine's: one of the user's there is written from the lab's directory, so that it is read as such again.
    pub(super) fn bind_source(&self, text: &str, span: Span) -> String {
        if !self.options.paths {
            return text.to_owned();
        }
        match self.lowering.bind_path(text, span, self.scope) {
            None => text.to_owned(),
            Some(BindPath::Engine(path)) => path,
            Some(BindPath::User(path)) => {
                let home = &self.lowering.entry.directory;
                if self.scope.path.is_root() || path.starts_with(home) {
                    path.display().to_string()
                } else {
                    from(home, &path).display().to_string()
                }
            }
        }
    }
}

/// The way from a directory to a path; both absolute.
fn from(directory: &Path, path: &Path) -> PathBuf {
    let (here, there): (Vec<Component>, Vec<Component>) =
        (directory.components().collect(), path.components().collect());
    let same = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, here.len() - same);
    up.chain(there[same..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_beside_the_lab_is_written_from_it() {
        assert_eq!(from(Path::new("/a/lab"), Path::new("/a/shared/x")), Path::new("../shared/x"));
        assert_eq!(from(Path::new("/a"), Path::new("/b")), Path::new("../b"));
    }
}
