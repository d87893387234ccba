//! `inner` of a node: inline, or files.

use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::source::{How, Origin};
use crate::model::addr::LayerPath;
use crate::model::span::Spanned;
use crate::model::topology::Layer;
use crate::spec::raw::layer::Inner;
use crate::spec::read::field::Field;
use crate::spec::tree::node::Node;

use super::assemble::Named;
use super::lowering::{LAYER_DEPTH_LIMIT, Lowering};
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
            self.check_circle(&file, text.span, How::Inner)?;
            files.push(Named { path: file, origin: Some(Origin { span: text.span, how: How::Inner }) });
        }
        let first = files.first()?;
        let named_at = first.origin.map(|origin| origin.span).unwrap_or_default();
        let (outer_base, outer_vars) = (self.base_of(named_at, outer), self.vars_of(named_at, outer));
        let base = first.path.parent().map_or_else(|| Rc::clone(&outer_base), Rc::from);
        let dotenv = base.join(".env");
        let vars = if base != outer_base && self.files.exists(&dotenv) {
            Rc::new(self.vars_with(&[(dotenv, None)], &outer_vars))
        } else {
            outer_vars
        };
        let tree = self.assemble(&files, &base, &vars)?;
        self.check_not_empty(&tree);
        Some(self.layer_of(tree, &Scope { path, base, vars }))
    }
}
