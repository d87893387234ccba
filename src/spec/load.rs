//! Files → trees, read once each, with variables replaced; and the rule for paths.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::BindPath;
use crate::model::span::{SourceId, Span};

use super::files::Vars;
use super::reader::{Reader, Scope};
use super::tree::Node;
use super::{build, dotenv, interpolate};

impl Reader<'_> {
    /// The tree of a file; `None` when it was reported as unusable. `named_at` is where the lab names it.
    pub(in crate::spec) fn load(&mut self, path: &Path, named_at: Option<Span>) -> Option<Node> {
        if let Some(known) = self.loaded.get(path) {
            return known.clone();
        }
        let tree = self.load_new(path, named_at);
        self.loaded.insert(path.to_owned(), tree.clone());
        tree
    }

    fn load_new(&mut self, path: &Path, named_at: Option<Span>) -> Option<Node> {
        let (source, text) = self.text(path, named_at)?;
        let mut tree = build::build(&text, source, &mut self.diagnostics)?;
        interpolate::tree(&mut tree, &self.vars, &mut self.diagnostics);
        Some(tree)
    }

    /// The text of a file, which diagnostics may point into from now on.
    fn text(&mut self, path: &Path, named_at: Option<Span>) -> Option<(SourceId, String)> {
        let name = self.shown(path);
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let problem = Diagnostic::error(Code::FileNotFound, self.unreadable(path, &error));
                self.diagnostics.push(match named_at {
                    Some(span) => problem.at(span, "named here"),
                    None => problem,
                });
                return None;
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            let problem = Diagnostic::error(Code::YamlSyntax, format!("`{name}` is not a text in UTF-8"));
            self.diagnostics.push(match named_at {
                Some(span) => problem.at(span, "named here"),
                None => problem,
            });
            return None;
        };
        Some((self.sources.add(name, text.clone()), text))
    }

    /// A path as the user knows it: from the lab's directory, if it is in there.
    pub(in crate::spec) fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.entry.directory) {
            Ok(short) if !short.as_os_str().is_empty() => short.display().to_string(),
            _ => path.display().to_string(),
        }
    }

    /// Why a file cannot be read.
    pub(in crate::spec) fn unreadable(&self, path: &Path, error: &io::Error) -> String {
        let name = self.shown(path);
        match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file `{name}`"),
            _ => format!("cannot read `{name}`: {error}"),
        }
    }

    /// The variables of a file of variables. Lines that are not understood are reported.
    pub(in crate::spec) fn env_file(
        &mut self,
        path: &Path,
        named_at: Option<Span>,
        vars: &Vars,
    ) -> Option<dotenv::Entries> {
        let (source, text) = self.text(path, named_at)?;
        let (entries, bad) = dotenv::read(&text, vars);
        for line in bad {
            let span = Span { source, start: line.start, end: line.end };
            self.error(Code::BadValue, span, line.message, "");
        }
        Some(entries)
    }

    /// A path of the user's machine, from the directory of the file that names it; `~` is the home directory.
    pub(in crate::spec) fn user_path(&mut self, scope: &Scope, text: &str, span: Span) -> Option<PathBuf> {
        let path = if text == "~" || text.starts_with("~/") {
            let Some(home) = &self.entry.home else {
                let message = format!("`{text}` needs a home directory, and none is known");
                self.error(Code::BadValue, span, message, "write the whole path");
                return None;
            };
            home.join(text.trim_start_matches('~').trim_start_matches('/'))
        } else {
            scope.base.join(text)
        };
        Some(normalize(&path))
    }

    /// Whose path a bind means: beside the lab at every depth, else the engine's own.
    pub(in crate::spec) fn bind_path(&mut self, scope: &Scope, text: &str, span: Span) -> Option<BindPath> {
        let path = self.user_path(scope, text, span)?;
        let engines = text.starts_with('/')
            && !scope.path.is_root()
            && !path.starts_with(normalize(&self.entry.directory));
        Some(if engines {
            BindPath::Engine(path.to_string_lossy().into_owned())
        } else {
            BindPath::User(path)
        })
    }
}

/// A path without `.` and `..`, as text: links are not followed, as in Compose.
pub(in crate::spec) fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_and_stay_below_the_root() {
        assert_eq!(normalize(Path::new("/a/./b/../c/")), Path::new("/a/c"));
        assert_eq!(normalize(Path::new("/../a")), Path::new("/a"));
    }
}
