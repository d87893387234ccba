//! `depends_on`.

use crate::model::addr::Pattern;
use crate::model::service::{Condition, Dependency, Target};
use crate::model::span::Span;
use crate::spec::raw::health::{Condition as RawCondition, Dependency as Raw, DependsOn};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;

use super::lowering::Lowering;

impl Lowering<'_> {
    /// The dependencies as they are written. Those without a condition are noted: what they wait for depends on
    /// what their target is, which is known when the whole lab is.
    pub(super) fn depends_on(&self, field: Field<DependsOn>) -> Vec<Dependency> {
        let mut out = Vec::new();
        match field.value {
            None => {}
            Some(DependsOn::Names(list)) => {
                out.reserve_exact(list.0.len());
                for name in list.0 {
                    out.extend(self.dependency(&name.value, name.span, &Raw::default()));
                }
            }
            Some(DependsOn::Conditions(dict)) => {
                out.reserve_exact(dict.0.len());
                for (name, field) in dict.0 {
                    let span = field.key.unwrap_or_default();
                    out.extend(self.dependency(&name, span, &field.value.unwrap_or_default()));
                }
            }
        }
        out
    }

    fn dependency(&self, name: &str, span: Span, raw: &Raw) -> Option<Dependency> {
        let target = self.target_of(name, span)?;
        let condition = match raw.condition.value {
            Some(RawCondition::Healthy) => Condition::Healthy,
            Some(RawCondition::Completed) => Condition::Completed,
            Some(RawCondition::Ready) => Condition::Ready,
            Some(RawCondition::Started) => Condition::Started,
            None => {
                self.notes.borrow_mut().unconditional.insert(span);
                Condition::Started
            }
        };
        Some(Dependency {
            target,
            condition,
            required: raw.required.value != Some(Switch(false)),
            restart: raw.restart.value == Some(Switch(true)),
            span,
        })
    }

    /// A path of names: from the root with a leading `/`, else from this layer.
    pub(super) fn target_of(&self, name: &str, span: Span) -> Option<Target> {
        match name.parse::<Pattern>() {
            Ok(pattern) if name.starts_with('/') => Some(Target::Absolute(pattern)),
            Ok(pattern) => Some(Target::Relative(pattern)),
            Err(bad) => {
                let help = "Write the name of a service of this layer, a path below it (`vm1/web`), or one from the root (`/vm1/web`).";
                self.bad(span, format!("`{name}` is not the address of a service: {bad}"), help);
                None
            }
        }
    }
}
