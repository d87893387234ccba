//! The files of one project → one tree.
//!
//! Each file on its own: variables are filled in, what it includes is put below it, its services get what they
//! extend; then it is merged over the files before it (compose-go `loader/loader.go`, `loadYamlFile`). Inline inner
//! layers are such projects themselves.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::Origin;
use crate::model::span::{SourceId, Span};
use crate::spec::files::Vars;
use crate::spec::tree::build::build;
use crate::spec::tree::merge::{merge, settle, unify};
use crate::spec::tree::node::{Node, Value};

use super::fill::fill_in;
use super::lowering::{FILE_LIMIT, Lowering};
use super::standing::Standing;

/// A file and what names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Its path, absolute.
    pub(super) path: PathBuf,
    /// What names it; `None`: the command line.
    pub(super) origin: Option<Origin>,
}

impl Lowering<'_> {
    /// The tree of a project; `None` when none of its files can be read.
    pub(super) fn assemble(&self, files: &[Named], base: &Rc<Path>, vars: &Rc<Vars>) -> Option<Node> {
        let mut merged: Option<Node> = None;
        for file in files {
            let Some(mut tree) = self.tree(file, base, vars) else { continue };
            self.expand(&mut tree);
            merged = Some(match merged {
                None => tree,
                Some(below) => {
                    let home = tree.span;
                    merge(below, tree, self.problems, &|span, path| self.told_apart(home, span, path))
                }
            });
        }
        let mut tree = merged?;
        settle(&mut tree);
        Some(tree)
    }

    /// Reads one file and fills its variables in.
    pub(super) fn tree(&self, file: &Named, base: &Rc<Path>, vars: &Rc<Vars>) -> Option<Node> {
        let draft = if file.origin.is_none() { self.drafts.borrow_mut().remove(&file.path) } else { None };
        let tree = if let Some((source, tree)) = draft {
            self.stands(source, file, base, vars)?;
            tree
        } else {
            let source = self.source(file, base, vars)?;
            build(&self.text(&file.path, file.origin)?, source, self.problems)
        };
        let mut tree = tree?;
        if !self.literal {
            fill_in(&mut tree, vars, self.problems, &self.sources.borrow());
        }
        unify(&mut tree);
        Some(tree)
    }

    /// A number for what `file` is read as here: its text stands in other surroundings each time it is named.
    pub(super) fn source(&self, file: &Named, base: &Rc<Path>, vars: &Rc<Vars>) -> Option<SourceId> {
        let source = self.number(&file.path, file.origin)?;
        self.stands(source, file, base, vars)
    }

    /// Notes in which surroundings the text with this number stands; `None` when there are too many.
    fn stands(&self, source: SourceId, file: &Named, base: &Rc<Path>, vars: &Rc<Vars>) -> Option<SourceId> {
        let mention = file.origin.map(|origin| origin.span);
        if !self.count_file(mention) {
            return None;
        }
        self.stand(
            source,
            Standing {
                path: file.path.clone(),
                base: Rc::clone(base),
                vars: Rc::clone(vars),
                origin: file.origin,
            },
        );
        Some(source)
    }

    fn count_file(&self, mention: Option<Span>) -> bool {
        let mut count = self.files_read.borrow_mut();
        *count += 1;
        if *count > FILE_LIMIT {
            let message = format!("the lab reads more than {FILE_LIMIT} files");
            let mut problem = Diagnostic::error(Code::TooLarge, message)
                .help("Check for files that name each other's files several times at each level.");
            if let Some(span) = mention {
                problem = problem.at(span, "");
            }
            self.problems.push(problem);
        }
        *count <= FILE_LIMIT
    }

    /// Brings in what a layer of one file includes and what its services extend.
    pub(super) fn expand(&self, layer: &mut Node) {
        if let Some(pair) = layer.pairs().iter().find(|pair| pair.key.value == "version") {
            self.problems.push(
                Diagnostic::warning(Code::Deprecated, "`version` means nothing any more")
                    .at(pair.key.span, "")
                    .help("Take it away."),
            );
        }
        self.expand_inner(layer);
        self.include(layer);
        self.extend(layer);
    }

    fn expand_inner(&self, layer: &mut Node) {
        let Value::Mapping(pairs) = &mut layer.value else { return };
        let Some(services) = pairs.iter_mut().find(|pair| pair.key.value == "services") else { return };
        let Value::Mapping(services) = &mut services.value.value else { return };
        for service in services {
            self.expand_node(&mut service.value);
        }
    }

    /// Expands the inner layer of a service, if it stands there itself.
    pub(super) fn expand_node(&self, service: &mut Node) {
        let Value::Mapping(keys) = &mut service.value else { return };
        for pair in keys {
            if pair.key.value == "inner" && matches!(pair.value.value, Value::Mapping(_)) {
                self.expand(&mut pair.value);
            }
        }
    }
}
