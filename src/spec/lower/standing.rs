//! Where a text stands: what its relative paths and its variables mean.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::{How, Origin};
use crate::model::span::{SourceId, Span};
use crate::spec::files::Vars;

use super::lowering::Lowering;
use super::path::normal;
use super::scope::Scope;

/// Files that name files deeper than this were not meant.
const WAY_LIMIT: usize = 100;

/// The surroundings of one text: every place of it, wherever a merge carries it, keeps them.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Directory that its relative paths start from.
    pub(crate) base: Rc<Path>,
    /// Variables for `${}` and for `KEY` without a value.
    pub(crate) vars: Rc<Vars>,
    /// What names it.
    pub(crate) origin: Option<Origin>,
}

impl Lowering<'_> {
    /// The surroundings of a text.
    pub(super) fn standing(&self, source: SourceId) -> Option<Standing> {
        self.standings.borrow().get(source.0 as usize).cloned().flatten()
    }

    /// Notes the surroundings of a text.
    pub(super) fn stand(&self, source: SourceId, standing: Standing) {
        let mut standings = self.standings.borrow_mut();
        let at = source.0 as usize;
        if standings.len() <= at {
            standings.resize(at + 1, None);
        }
        standings[at] = Some(standing);
    }

    /// Where a relative path that is written at `span` starts.
    pub(super) fn base_of(&self, span: Span, scope: &Scope) -> Rc<Path> {
        let standings = self.standings.borrow();
        let standing = standings.get(span.source.0 as usize).and_then(Option::as_ref);
        standing.map_or_else(|| Rc::clone(&scope.base), |standing| Rc::clone(&standing.base))
    }

    /// A path that is written at `span`, as it would be written at `home`: as a text while both stand in one directory, which is
    /// how Compose tells paths apart that a merge brings together.
    pub(super) fn told_apart(&self, home: Span, span: Span, path: &str) -> String {
        let standings = self.standings.borrow();
        let base =
            |span: Span| standings.get(span.source.0 as usize)?.as_ref().map(|standing| &standing.base);
        match (base(home), base(span)) {
            (Some(home), Some(there)) if home != there => {
                let path = normal(&there.join(path));
                path.strip_prefix(home).unwrap_or(&path).to_string_lossy().into_owned()
            }
            _ => path.to_owned(),
        }
    }

    /// The variables of what is written at `span`.
    pub(crate) fn vars_of(&self, span: Span, scope: &Scope) -> Rc<Vars> {
        let standings = self.standings.borrow();
        let standing = standings.get(span.source.0 as usize).and_then(Option::as_ref);
        standing.map_or_else(|| Rc::clone(&scope.vars), |standing| Rc::clone(&standing.vars))
    }

    /// A file that is named within itself has no end. `None` when it is, or when the way is too long.
    pub(super) fn check_circle(&self, file: &Path, mention: Span, how: How) -> Option<()> {
        let file = normal(file);
        // From the file that names it outwards.
        let mut way: Vec<(PathBuf, Option<Origin>)> = Vec::new();
        let mut source = Some(mention.source);
        while let Some(standing) = source.and_then(|source| self.standing(source)) {
            source = standing.origin.map(|origin| origin.span.source);
            let found = normal(&standing.path) == file;
            way.push((standing.path, standing.origin));
            if found {
                self.circle(&file, mention, how, &way);
                return None;
            }
            if way.len() > WAY_LIMIT {
                let message = format!("files name each other more than {WAY_LIMIT} deep");
                self.problems.error(Code::TooLarge, mention, message, "Name some of them side by side.");
                return None;
            }
        }
        Some(())
    }

    fn circle(&self, file: &Path, mention: Span, how: How, way: &[(PathBuf, Option<Origin>)]) {
        let mut names: Vec<String> = way.iter().rev().map(|(path, _)| self.name_of(path)).collect();
        names.push(self.name_of(file));
        let mut problem = Diagnostic::error(
            Code::IncludeCycle,
            format!("files name each other in a circle: {}", names.join(" → ")),
        )
        .at(mention, "closes the circle");
        for (path, origin) in way.iter().rev().skip(1) {
            if let Some(origin) = origin {
                problem = problem.at(origin.span, format!("names {}", self.name_of(path)));
            }
        }
        let key = if how == How::Inner { "inner" } else { "include" };
        self.problems.push(problem.help(format!("Take one `{key}` of the circle away.")));
    }
}
