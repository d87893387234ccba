//! `depends_on`.

use crate::diag::code::Code;
use crate::model::addr::Pattern;
use crate::model::service::{Condition, Dependency, Target};
use crate::model::span::Span;
use crate::spec::reader::Reader;
use crate::spec::tree::{Node, Value};

const CONDITIONS: &[&str] =
    &["service_started", "service_healthy", "service_completed_successfully", "service_ready"];

impl Reader<'_> {
    /// A list of names, or a mapping with conditions.
    pub(in crate::spec) fn depends_on(&mut self, node: &Node) -> Vec<Dependency> {
        let mut out: Vec<Dependency> = Vec::new();
        if let Value::Map(entries) = &node.value {
            for (key, value) in entries {
                out.extend(self.dependency(&key.text, key.span, value));
            }
            return out;
        }
        for item in self.list(node, "depends_on").unwrap_or_default() {
            let Some(text) = self.name(item, "depends_on") else { continue };
            let Some(dependency) = self.dependency(&text, item.span, &Node::null(item.span)) else {
                continue;
            };
            if out.iter().all(|other| other.target != dependency.target) {
                out.push(dependency);
            }
        }
        out
    }

    fn dependency(&mut self, text: &str, span: Span, node: &Node) -> Option<Dependency> {
        let pattern: Pattern = match text.parse() {
            Ok(pattern) => pattern,
            Err(bad) => {
                let help =
                    "name a sibling (`db`), a service below (`vm1/web`) or one from the root (`/vm1/web`)";
                self.error(Code::BadName, span, format!("`{text}`: {bad}"), help);
                return None;
            }
        };
        let target =
            if text.starts_with('/') { Target::Absolute(pattern) } else { Target::Relative(pattern) };
        let mut condition = None;
        let (mut required, mut restart) = (true, false);
        let of = format!("`depends_on.{text}`");
        for (key, value) in self.map(node, &of, &["condition", "required", "restart"])? {
            match key.text.as_str() {
                "condition" => {
                    condition = Some(match self.word(value, "condition", CONDITIONS)?.as_str() {
                        "service_healthy" => Condition::Healthy,
                        "service_completed_successfully" => Condition::Completed,
                        "service_ready" => Condition::Ready,
                        _ => Condition::Started,
                    });
                }
                "required" => required = self.boolean(value, "required").unwrap_or(true),
                _ => restart = self.boolean(value, "restart").unwrap_or_default(),
            }
        }
        if condition.is_none() {
            // Whether the target is a node is known when all layers are read (`check::conditions`).
            self.open_conditions.insert(span);
        }
        Some(Dependency {
            target,
            condition: condition.unwrap_or(Condition::Started),
            required,
            restart,
            span,
        })
    }
}
