//! Configs and secrets: where their content comes from, and how services see them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest;
use crate::model::container::{BindPath, Mount, MountSource};
use crate::model::files::{Existing, PutFile};
use crate::model::service::Service;
use crate::model::span::Span;
use crate::spec::reader::{Reader, Scope};
use crate::spec::tree::{Node, Value};

/// Permission bits when none are given (Compose specification, `configs`, long syntax).
const DEFAULT_MODE: u32 = 0o444;

/// The content of a config or secret.
#[derive(Clone, Debug)]
pub(in crate::spec) enum Content {
    /// A file of the user's machine.
    File(PathBuf),
    /// The bytes.
    Bytes(Arc<[u8]>),
}

/// One entry of a service's `configs` or `secrets`.
struct Use {
    source: String,
    target: Option<String>,
    uid: u32,
    gid: u32,
    mode: Option<u32>,
    owned: bool,
    span: Span,
}

impl Reader<'_> {
    /// The definitions of a layer under `key` (`configs` or `secrets`).
    pub(in crate::spec) fn contents(
        &mut self,
        node: &Node,
        key: &str,
        scope: &Scope,
    ) -> BTreeMap<String, Option<Content>> {
        let Some(entries) = self.entries(node, key) else { return BTreeMap::new() };
        let mut out = BTreeMap::new();
        for (name, value) in entries {
            if !name.text.starts_with("x-") {
                let content = self.content(value, key, &name.text, name.span, scope);
                out.insert(name.text.clone(), content);
            }
        }
        out
    }

    fn content(&mut self, node: &Node, key: &str, name: &str, span: Span, scope: &Scope) -> Option<Content> {
        let known = [
            "file",
            "content",
            "environment",
            "external",
            "name",
            "labels",
            "driver",
            "driver_opts",
            "template_driver",
        ];
        let of = format!("`{key}.{name}`");
        let mut found: Vec<(Span, Option<Content>)> = Vec::new();
        for (key, value) in self.map(node, &of, &known)? {
            let content = match key.text.as_str() {
                "file" => {
                    let text = self.name(value, "file");
                    text.and_then(|text| self.user_path(scope, &text, value.span)).map(Content::File)
                }
                "content" => {
                    self.string(value, "content").map(|text| Content::Bytes(text.into_bytes().into()))
                }
                "environment" => self.name(value, "environment").and_then(|variable| {
                    let text = self.vars.get(&variable).cloned();
                    if text.is_none() {
                        let message = format!("{of} needs the variable `{variable}`, which is not set");
                        self.error(Code::UnsetVariable, value.span, message, "");
                    }
                    text.map(|text| Content::Bytes(text.into_bytes().into()))
                }),
                "external" => {
                    if self.boolean(value, "external") == Some(true) {
                        self.not_supported(key);
                        found.push((key.span, None));
                    }
                    continue;
                }
                "driver" | "driver_opts" | "template_driver" => {
                    self.not_supported(key);
                    continue;
                }
                // They name and describe an object of Swarm's store, which there is none of.
                _ => continue,
            };
            found.push((key.span, content));
        }
        match &found[..] {
            [] => {
                let help = "`file`, `content` or `environment` does";
                self.error(Code::MissingKey, span, format!("nothing says what {of} contains"), help);
                None
            }
            [(_, content)] => content.clone(),
            [(first, _), (second, _), ..] => {
                self.diagnostics.push(
                    Diagnostic::error(Code::Contradiction, format!("{of} has two contents"))
                        .at(*second, "and here")
                        .at(*first, "here")
                        .help("keep one of them"),
                );
                None
            }
        }
    }

    /// A service's `configs` or `secrets`: binds for files, files to put for the rest.
    pub(in crate::spec) fn uses(
        &mut self,
        node: &Node,
        key: &'static str,
        defs: &BTreeMap<String, Option<Content>>,
        service: &mut Service,
    ) {
        let Some(items) = self.list(node, key) else { return };
        for item in items {
            let Some(one) = self.use_of(item, key) else { continue };
            let Some(content) = defs.get(&one.source) else {
                self.unknown_content(&one, key, defs);
                continue;
            };
            let Some(content) = content else { continue };
            let base = if key == "secrets" { "/run/secrets/" } else { "/" };
            let target = match one.target {
                Some(target) if target.starts_with('/') => target,
                Some(target) => format!("{base}{target}"),
                None => format!("{base}{}", one.source),
            };
            match content {
                Content::File(path) => {
                    if one.owned {
                        self.warn(
                            Code::NotSupported,
                            one.span,
                            format!("`uid`, `gid` and `mode` have no effect on `{}`", one.source),
                            "a file of your machine is seen as it is; give its text as `content` to change that",
                        );
                    }
                    let path = BindPath::User(path.clone());
                    let source = MountSource::Bind { path, create: false, propagation: None, selinux: None };
                    service.spec.mounts.push(Mount { target, source, read_only: true });
                }
                Content::Bytes(content) => service.files.push(PutFile {
                    path: target,
                    mode: one.mode.unwrap_or(DEFAULT_MODE),
                    uid: one.uid,
                    gid: one.gid,
                    content: content.clone(),
                    existing: Existing::Replace,
                }),
            }
        }
    }

    fn use_of(&mut self, node: &Node, key: &str) -> Option<Use> {
        let mut one = Use {
            source: String::new(),
            target: None,
            uid: 0,
            gid: 0,
            mode: None,
            owned: false,
            span: node.span,
        };
        if !matches!(node.value, Value::Map(_)) {
            one.source = self.name(node, key)?;
            return Some(one);
        }
        for (name, value) in
            self.map(node, &format!("an entry of `{key}`"), &["source", "target", "uid", "gid", "mode"])?
        {
            one.owned |= matches!(name.text.as_str(), "uid" | "gid" | "mode");
            match name.text.as_str() {
                "source" => {
                    one.source = self.name(value, "source")?;
                    one.span = value.span;
                }
                "target" => one.target = self.name(value, "target"),
                "uid" => one.uid = self.integer(value, "uid").unwrap_or_default(),
                "gid" => one.gid = self.integer(value, "gid").unwrap_or_default(),
                _ => one.mode = self.mode(value),
            }
        }
        if one.source.is_empty() {
            self.error(Code::MissingKey, node.span, format!("an entry of `{key}` needs a `source`"), "");
            return None;
        }
        Some(one)
    }

    /// Permission bits.
    pub(in crate::spec) fn mode(&mut self, node: &Node) -> Option<u32> {
        let mode: u32 = self.integer(node, "mode")?;
        if mode > 0o7777 {
            let text = format!("{mode}");
            let help = "permission bits are octal: begin the number with `0`";
            self.error(
                Code::BadValue,
                node.span,
                format!("`{text}` is more than permission bits hold"),
                help,
            );
            return None;
        }
        Some(mode)
    }

    fn unknown_content(&mut self, one: &Use, key: &str, defs: &BTreeMap<String, Option<Content>>) {
        let (code, word) =
            if key == "secrets" { (Code::UnknownSecret, "secret") } else { (Code::UnknownConfig, "config") };
        let help = match suggest::nearest(&one.source, defs.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it under `{key}` of the layer"),
        };
        self.error(code, one.span, format!("the layer has no {word} `{}`", one.source), &help);
    }
}
