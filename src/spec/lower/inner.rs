//! `engine` with `inner`: a service as a node.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::service::{NodeDef, Service};
use crate::model::span::Span;
use crate::model::topology::Layer;
use crate::spec::merge;
use crate::spec::reader::{Reader, Scope};
use crate::spec::tree::{Node, Value};

impl Reader<'_> {
    /// Makes the service a node if it has an engine.
    pub(in crate::spec) fn node(&mut self, node: &Node, scope: &Scope, service: &mut Service) {
        let inner = node.get("inner");
        let Some(engine) = node.get("engine") else {
            if inner.is_some() {
                self.inner_without_engine(service.span_of("inner"));
            }
            return;
        };
        let engine = self.engine(engine, scope, service);
        // The layer is read also where its engine is unknown, so that all problems come at once.
        let layer = match inner {
            Some(inner) => self.inner(inner, scope, service),
            None => Layer { span: service.span_of("engine"), ..Layer::default() },
        };
        if let Some((kind, options)) = engine {
            service.node = Some(Box::new(NodeDef { kind, options, inner: layer }));
        }
    }

    fn inner(&mut self, node: &Node, scope: &Scope, service: &Service) -> Layer {
        let path = scope.path.join(&service.name, 1).inner();
        let paths: Vec<(String, Span)> = match &node.value {
            Value::Map(_) => {
                return self.layer(node, &Scope { path, base: scope.base.clone() });
            }
            Value::Null => return Layer { span: node.span, ..Layer::default() },
            Value::Scalar { text, .. } => vec![(text.clone(), node.span)],
            Value::Seq(items) => {
                items.iter().filter_map(|item| Some((self.name(item, "inner")?, item.span))).collect()
            }
        };
        let mut merged: Option<(Node, Scope)> = None;
        let mut opened = 0;
        for (text, span) in paths {
            let Some(file) = self.user_path(scope, &text, span) else { continue };
            if self.open_files.contains(&file) {
                self.diagnostics.push(
                    Diagnostic::error(Code::IncludeCycle, format!("`{}` includes itself", self.shown(&file)))
                        .at(span, "named here, while it is being read"),
                );
                continue;
            }
            let Some(tree) = self.load(&file, Some(span)) else { continue };
            let base = file.parent().map_or_else(|| scope.base.clone(), std::path::Path::to_owned);
            self.open_files.push(file);
            opened += 1;
            merged = Some(match merged {
                None => (tree, Scope { path: path.clone(), base }),
                // Relative paths of all files start from the first one's directory, as with several `-f`.
                Some((first, scope)) => (merge::merge(first, tree), scope),
            });
        }
        let layer = match merged {
            Some((tree, scope)) => self.layer(&tree, &scope),
            None => Layer { span: node.span, ..Layer::default() },
        };
        self.open_files.truncate(self.open_files.len() - opened);
        layer
    }
}
