//! `env_file` and `environment`.

use crate::diag::code::Code;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::spec::reader::{Reader, Scope};
use crate::spec::tree::{Node, Value};

impl Reader<'_> {
    /// Files first, in their order, then `environment` over them.
    pub(in crate::spec) fn environment(&mut self, node: &Node, scope: &Scope, service: &mut Service) {
        if let Some(files) = node.get("env_file") {
            let single = [files.clone()];
            let items = match &files.value {
                Value::Scalar { .. } | Value::Map(_) => &single[..],
                _ => self.list(files, "env_file").unwrap_or_default(),
            };
            for item in items {
                self.one_env_file(item, scope, service);
            }
        }
        if let Some(environment) = node.get("environment") {
            for (name, value, span) in self.pairs(environment, "environment") {
                if name.is_empty() {
                    self.error(Code::BadValue, span, "a variable needs a name", "");
                    continue;
                }
                // A name alone passes the variable on; where it is not set, the image's is removed, as in Compose.
                let value = value.or_else(|| self.vars.get(&name).cloned());
                service.spec.environment.insert(name, value);
            }
        }
    }

    fn one_env_file(&mut self, node: &Node, scope: &Scope, service: &mut Service) {
        let (mut path, mut required, mut raw): (Option<(String, Span)>, bool, bool) = (None, true, false);
        if let Value::Map(_) = node.value {
            let known = ["path", "required", "format"];
            for (key, value) in self.map(node, "an entry of `env_file`", &known).unwrap_or_default() {
                match key.text.as_str() {
                    "path" => path = self.name(value, "path").map(|text| (text, value.span)),
                    "required" => required = self.boolean(value, "required").unwrap_or(true),
                    _ => raw = self.word(value, "format", &["raw"]).is_some(),
                }
            }
            if node.get("path").is_none() {
                self.error(Code::MissingKey, node.span, "an entry of `env_file` needs a `path`", "");
            }
        } else {
            path = self.name(node, "env_file").map(|text| (text, node.span));
        }
        let Some((text, span)) = path else { return };
        let Some(path) = self.user_path(scope, &text, span) else { return };
        if !required && !self.files.exists(&path) {
            return;
        }
        if raw {
            self.raw_env_file(&path, span, service);
            return;
        }
        let vars = self.vars.clone();
        for (name, value) in self.env_file(&path, Some(span), &vars).unwrap_or_default() {
            if let Some(value) = value.or_else(|| vars.get(&name).cloned()) {
                service.spec.environment.insert(name, Some(value));
            }
        }
    }

    /// `format: raw`: everything behind `=` as it stands, as `docker run --env-file` reads it.
    fn raw_env_file(&mut self, path: &std::path::Path, span: Span, service: &mut Service) {
        let Some(content) = self.file(path, span) else { return };
        for line in String::from_utf8_lossy(&content).lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = match line.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (line, self.vars.get(line).cloned()),
            };
            if let Some(value) = value {
                service.spec.environment.insert(name.to_owned(), Some(value));
            }
        }
    }
}
