//! `environment` and `env_file`.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::model::map::Map;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::several::Pairs;
use crate::spec::raw::stored_file::{EnvFileForm, EnvFiles};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;
use crate::spec::read::words::quote;

use super::lowering::Lowering;
use super::scope::Scope;
use super::value::pairs;

impl Lowering<'_> {
    /// The environment of a service: its files, and over them its own. A key without a value takes that of
    /// nestctl's environment; without one there, the image's is removed, as in Compose.
    pub(super) fn environment(
        &self,
        own: Field<Pairs>,
        files: Field<EnvFiles>,
        scope: &Scope,
    ) -> Map<String, Option<String>> {
        let place = files.place.unwrap_or_default();
        let files = match files.value {
            None => Vec::new(),
            Some(EnvFiles::One(path)) => vec![(path, place, true, false)],
            Some(EnvFiles::Many(list)) => list.0.into_iter().filter_map(|form| self.env_file(form)).collect(),
        };
        let pairs = pairs(own);
        let mut written = Vec::with_capacity(pairs.len());
        for (name, value, span) in pairs {
            if name.is_empty() || name.contains(['=', '\0']) {
                self.bad(
                    span,
                    format!("{} is not a name of a variable", quote(&name)),
                    "Write `NAME: value` or `NAME=value`.",
                );
                continue;
            }
            let value = value.or_else(|| self.vars_of(span, scope).get(&name).cloned());
            written.push((name, value));
        }
        let written: Map<String, Option<String>> = written.into_iter().collect();
        if files.is_empty() {
            return written;
        }
        // A file can hold many.
        let mut out = BTreeMap::new();
        for (path, span, required, raw) in files {
            let Some(path) = self.user_path(&path, span, scope) else { continue };
            if !required && !self.files.exists(&path) {
                continue;
            }
            // Compose's order: the environment of the project, then the service's own, then what stands above.
            let look_up = |name: &str| {
                let of_service = || written.get(name).cloned().flatten();
                scope.vars.get(name).cloned().or_else(of_service).or_else(|| out.get(name).cloned().flatten())
            };
            let read = self.variables(&path, Some(span), &look_up, raw).unwrap_or_default();
            for (name, value) in read.list {
                let value = value.or_else(|| look_up_inherited(&name, scope, &written));
                if value.is_some() || raw {
                    out.insert(name, value);
                }
            }
        }
        out.extend(written);
        out.into_iter().collect()
    }

    fn env_file(&self, form: Spanned<EnvFileForm>) -> Option<(String, Span, bool, bool)> {
        let file = match form.value {
            EnvFileForm::Path(path) => return Some((path, form.span, true, false)),
            EnvFileForm::Options(file) => *file,
        };
        let raw = match file.format.get() {
            None => false,
            Some(format) if format.value == "raw" => true,
            Some(format) => {
                self.bad(
                    format.span,
                    format!("{} is not a format", quote(format.value)),
                    "Write `raw`, or take the key away.",
                );
                false
            }
        };
        let Some(path) = file.path.take() else {
            self.problems.error(
                Code::MissingKey,
                form.span,
                "`path` of the `env_file` is missing",
                "Add `path`.",
            );
            return None;
        };
        Some((path.value, path.span, file.required.value != Some(Switch(false)), raw))
    }
}

/// The value of a variable that a file only names.
fn look_up_inherited(name: &str, scope: &Scope, written: &Map<String, Option<String>>) -> Option<String> {
    scope.vars.get(name).cloned().or_else(|| written.get(name).cloned().flatten())
}
