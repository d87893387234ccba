//! `security_opt`, and the seccomp profiles that it names.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::diag::code::Code;
use crate::model::span::{Span, Spanned};
use crate::spec::read::field::Field;
use crate::spec::read::list::List;
use crate::spec::read::words::quote;

use super::lowering::Lowering;
use super::scope::Scope;

const HELP: &str =
    "Write `KEY=VALUE`, such as `seccomp=unconfined`, `label=disable` or `no-new-privileges=true`.";

impl Lowering<'_> {
    /// The options, and the profiles of those that name a file (docker/cli `opts.go`, `parseSecurityOpts`): the
    /// client reads it, so that it counts with its content, wherever the engine is.
    pub(super) fn security_opt(
        &self,
        field: Field<List<String>>,
        scope: &Scope,
    ) -> (Vec<String>, BTreeMap<String, String>) {
        let mut options = Vec::new();
        let mut profiles = BTreeMap::new();
        for Spanned { value: option, span } in field.value.unwrap_or_default().0 {
            let parts = option.split_once('=').or_else(|| option.split_once(':'));
            if parts.is_none() && option != "no-new-privileges" {
                self.bad(span, format!("{} is not a security option", quote(&option)), HELP);
                continue;
            }
            match parts {
                Some(("seccomp", name)) if !matches!(name, "unconfined" | "builtin") => {
                    let Some((name, profile)) = self.seccomp_profile(name, span, scope) else { continue };
                    let option = format!("seccomp={name}");
                    profiles.insert(option.clone(), profile);
                    options.push(option);
                }
                _ => options.push(option),
            }
        }
        (options, profiles)
    }

    /// A profile by its path: the name that it is printed with, and its text without white space.
    fn seccomp_profile(&self, name: &str, span: Span, scope: &Scope) -> Option<(String, String)> {
        let path = self.user_path(name, span, scope)?;
        let bytes = match self.files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problems.error(
                    Code::FileNotFound,
                    span,
                    format!("the seccomp profile `{}` cannot be read: {error}", path.display()),
                    "Check the path; it starts from the directory of this file.",
                );
                return None;
            }
        };
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(&bytes) {
            self.bad(
                span,
                format!("the seccomp profile `{}` is not JSON: {error}", path.display()),
                "Write a profile as Docker takes it, or `seccomp=unconfined`.",
            );
            return None;
        }
        let text = compact(&String::from_utf8_lossy(&bytes));
        // Below another directory the short name would be another file when it is printed.
        let name = if *self.base_of(span, scope) == *self.entry.directory {
            name.to_owned()
        } else {
            path.display().to_string()
        };
        Some((name, text))
    }
}

/// JSON without white space between its tokens, in the order in which it is written.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_text = c == '"';
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn white_space_within_texts_stays() {
        assert_eq!(compact("{\n \"a \\\" b\": [1, \"\\\\\" ]\t}"), r#"{"a \" b":[1,"\\"]}"#);
    }
}
