//! `inner` of a node: inline, or files.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::span::{Span, Spanned};
use crate::model::topology::Layer;
use crate::spec::raw::layer::Inner;
use crate::spec::read::field::Field;
use crate::spec::tree::merge::{merge, settle};
use crate::spec::tree::node::Node;

use super::load::fill_in;
use super::lowering::{LAYER_DEPTH_LIMIT, Lowering};
use super::path::normal;
use super::scope::Scope;

impl Lowering<'_> {
    /// The layer inside the node at `path`; `node` is the value of `inner` in the tree.
    pub(super) fn inner(
        &self,
        field: Field<Inner>,
        node: Option<&Node>,
        path: LayerPath,
        outer: &Scope,
    ) -> Layer {
        let place = field.key.unwrap_or_default();
        let empty = || Layer { span: place, ..Layer::default() };
        if path.depth() > LAYER_DEPTH_LIMIT {
            let message = format!("layers are nested more than {LAYER_DEPTH_LIMIT} deep");
            self.problems.error(Code::TooLarge, place, message, "Put some of them side by side.");
            return empty();
        }
        let Some(Spanned { value, span }) = field.take() else { return empty() };
        let paths = match value {
            Inner::Inline(_) => {
                let Some(node) = node else { return empty() };
                return self.layer(node, &Scope { path, ..outer.clone() });
            }
            Inner::File(text) => vec![Spanned::new(text, span)],
            Inner::Files(list) => list.0,
        };
        self.inner_files(&paths, path, outer).unwrap_or_else(empty)
    }

    fn inner_files(&self, paths: &[Spanned<String>], path: LayerPath, outer: &Scope) -> Option<Layer> {
        let mut files = Vec::new();
        for text in paths {
            let file = self.user_path(&text.value, text.span, outer)?;
            self.check_circle(&file, text.span, outer)?;
            files.push(Spanned::new(file, text.span));
        }
        let first = files.first()?.value.clone();
        let base = first.parent().map_or_else(|| outer.base.clone(), PathBuf::from);
        let dotenv = base.join(".env");
        let vars = if base != outer.base && self.files.exists(&dotenv) {
            Rc::new(self.vars_with(&dotenv, None, &outer.vars))
        } else {
            Rc::clone(&outer.vars)
        };
        let mut merged: Option<Node> = None;
        let mut chain = outer.chain.clone();
        for file in files {
            let Some(tree) = self.tree(&file.value, Some(file.span)) else { continue };
            chain.push((file.value, Some(file.span)));
            let mut tree = (*tree).clone();
            if !self.literal {
                fill_in(&mut tree, &vars, self.problems, &self.sources.borrow());
            }
            merged = Some(match merged {
                None => tree,
                Some(below) => merge(below, tree),
            });
        }
        let scope = Scope { path, base, vars, chain };
        let mut tree = merged?;
        settle(&mut tree);
        self.check_not_empty(&tree);
        Some(self.layer(&tree, &scope))
    }

    /// A file that is named within itself has no end.
    fn check_circle(&self, file: &Path, mention: Span, outer: &Scope) -> Option<()> {
        let file = normal(file);
        let Some(start) = outer.chain.iter().position(|(other, _)| normal(other) == file) else {
            return Some(());
        };
        let mut names: Vec<String> =
            outer.chain[start..].iter().map(|(path, _)| self.name_of(path)).collect();
        names.push(self.name_of(&file));
        let mut problem = Diagnostic::error(
            Code::IncludeCycle,
            format!("files name each other in a circle: {}", names.join(" → ")),
        )
        .at(mention, "closes the circle");
        for (path, place) in &outer.chain[start + 1..] {
            if let Some(place) = place {
                problem = problem.at(*place, format!("names {}", self.name_of(path)));
            }
        }
        self.problems.push(problem.help("Take one `inner` of the circle away."));
        None
    }
}
