//! `engine`: the kind and its options.

use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest;
use crate::kind::kind::Kind;
use crate::kind::kinds::{self, KINDS};
use crate::model::service::{DataRoot, EngineOptions, Service, SshOptions};
use crate::model::span::{Span, Spanned};
use crate::spec::reader::{Reader, Scope, listed};
use crate::spec::tree::{Node, Value};

/// Keys of `engine` for any kind.
const EVERY_KIND: &[&str] = &["kind", "ready_timeout"];
/// All keys of `engine`.
const KEYS: &[&str] = &[
    "kind",
    "ready_timeout",
    "args",
    "config",
    "data",
    "address_pool",
    "mtu",
    "registry_mirrors",
    "insecure_registries",
    "path",
    "host",
    "tls",
    "ssh",
    "ca",
];
/// Where `docker:dind` keeps client certificates, which `tls: true` means.
const CLIENT_CERTIFICATES: &str = "/certs/client";

impl Reader<'_> {
    /// The kind and the options of `engine`; places of its keys go to the service as `engine.<key>`.
    pub(in crate::spec) fn engine(
        &mut self,
        node: &Node,
        scope: &Scope,
        service: &mut Service,
    ) -> Option<(Spanned<String>, EngineOptions)> {
        let mut options = EngineOptions::default();
        if !matches!(node.value, Value::Map(_)) {
            let kind = self.kind(node)?;
            service.spans.insert("engine.kind".to_owned(), node.span);
            return Some((Spanned::new(kind.name.to_owned(), node.span), options));
        }
        let entries = self.map(node, "`engine`", KEYS)?;
        let Some(&(_, kind_node)) = entries.iter().find(|(key, _)| key.text == "kind") else {
            let help = format!("the kinds are {}", kind_names());
            self.error(Code::MissingKey, node.span, "`engine` needs a `kind`", &help);
            return None;
        };
        let kind = self.kind(kind_node)?;
        for (key, value) in entries {
            let name = key.text.as_str();
            service.spans.insert(format!("engine.{name}"), key.span);
            if !EVERY_KIND.contains(&name) && !kind.options.contains(&name) {
                let message = format!("an engine of kind `{}` has no `{name}`", kind.name);
                let mut known = kind.options.to_vec();
                known.push("ready_timeout");
                self.error(Code::KindConflict, key.span, message, &format!("it has {}", listed(&known)));
                continue;
            }
            self.engine_option(name, value, scope, kind, &mut options);
        }
        Some((Spanned::new(kind.name.to_owned(), kind_node.span), options))
    }

    fn engine_option(
        &mut self,
        name: &str,
        node: &Node,
        scope: &Scope,
        kind: &Kind,
        options: &mut EngineOptions,
    ) {
        match name {
            "args" => options.args = self.command_line(node, "engine.args").unwrap_or_default(),
            "config" => options.config = self.daemon_config(node),
            "data" => options.data = self.data_root(node).unwrap_or_default(),
            "address_pool" => {
                options.address_pool =
                    self.cidr(node, "engine.address_pool").map(|text| Spanned::new(text, node.span));
            }
            "mtu" => options.mtu = self.mtu(node),
            "registry_mirrors" => {
                options.registry_mirrors = self.string_or_strings(node, "engine.registry_mirrors");
            }
            "insecure_registries" => {
                options.insecure_registries = self.string_or_strings(node, "engine.insecure_registries");
            }
            "ready_timeout" => options.ready_timeout = self.duration(node, "engine.ready_timeout"),
            "path" => options.path = self.name(node, "engine.path"),
            "host" => options.host = self.name(node, "engine.host").map(|text| Spanned::new(text, node.span)),
            "tls" => options.tls = self.tls(node),
            "ssh" => options.ssh = self.ssh(node, scope, kind),
            "ca" => options.ca = self.certificates(node, scope),
            // `kind`, which was read first.
            _ => {}
        }
    }

    fn kind(&mut self, node: &Node) -> Option<&'static Kind> {
        let text = self.name(node, "engine")?;
        let kind = kinds::find(&text);
        if kind.is_none() {
            let known = kind_names();
            let help = match suggest::nearest(&text, KINDS.iter().map(|kind| kind.name)) {
                Some(near) => format!("did you mean `{near}`? The kinds are {known}"),
                None => format!("the kinds are {known}"),
            };
            self.error(Code::UnknownKind, node.span, format!("there is no engine kind `{text}`"), &help);
        }
        kind
    }

    fn daemon_config(&mut self, node: &Node) -> Option<Spanned<String>> {
        let value = match &node.value {
            Value::Scalar { text, .. } => {
                let object = serde_json::from_str(text).ok().filter(serde_json::Value::is_object);
                if object.is_none() {
                    let help = "write it as a mapping, or as a text that is a JSON object";
                    self.error(Code::BadValue, node.span, "`engine.config` is not a JSON object", help);
                }
                object?
            }
            Value::Map(_) => json(node),
            _ => {
                self.wrong(node, "engine.config", "a mapping");
                return None;
            }
        };
        Some(Spanned::new(value.to_string(), node.span))
    }

    fn data_root(&mut self, node: &Node) -> Option<DataRoot> {
        let text = self.name(node, "engine.data")?;
        match text.as_str() {
            "tmpfs" => Some(DataRoot::Tmpfs),
            "volume" => Some(DataRoot::Volume),
            name if volume_name(name) => Some(DataRoot::Named(text)),
            _ => {
                self.bad(node.span, "engine.data", &text, "`volume`, `tmpfs` or the name of a volume");
                None
            }
        }
    }

    fn mtu(&mut self, node: &Node) -> Option<u32> {
        let mtu: u32 = self.integer(node, "engine.mtu")?;
        // 68 is the least that IPv4 allows (RFC 791), 65535 the most that a packet holds.
        if !(68..=65535).contains(&mtu) {
            self.error(Code::BadValue, node.span, format!("an MTU of {mtu} is not between 68 and 65535"), "");
            return None;
        }
        Some(mtu)
    }

    fn tls(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(CLIENT_CERTIFICATES.to_owned()),
            Value::Scalar { text, plain: true } if text == "false" => None,
            _ => self.name(node, "engine.tls"),
        }
    }

    fn ssh(&mut self, node: &Node, scope: &Scope, kind: &Kind) -> Option<SshOptions> {
        let mut user = None;
        let mut keys = Vec::new();
        for (key, value) in self.map(node, "`engine.ssh`", &["user", "authorized_keys"])? {
            if key.text == "user" {
                user = self.name(value, "engine.ssh.user");
            } else {
                keys = self.authorized_keys(value, scope);
            }
        }
        if node.get("authorized_keys").is_none() {
            let help = "a public key, or the path of a file with some";
            self.error(Code::MissingKey, node.span, "`engine.ssh` needs `authorized_keys`", help);
        }
        // minikube's image lets `docker` in (ENGINES.md 2d); others have root only.
        let default = if kind.name == "kicbase" { "docker" } else { "root" };
        Some(SshOptions { user: user.unwrap_or_else(|| default.to_owned()), authorized_keys: keys })
    }

    /// Public keys as they are, or paths of files with some.
    fn authorized_keys(&mut self, node: &Node, scope: &Scope) -> Vec<String> {
        let mut out = Vec::new();
        for (text, span) in self.texts(node, "engine.ssh.authorized_keys") {
            // A key has its type, its data and maybe a comment; the path of a file has no blanks as a rule.
            if text.trim().contains(' ') {
                out.extend(key_lines(&text));
                continue;
            }
            let Some(path) = self.user_path(scope, text.trim(), span) else { continue };
            let Some(content) = self.file(&path, span) else { continue };
            out.extend(key_lines(&String::from_utf8_lossy(&content)));
        }
        out
    }

    /// Certificates as they are (PEM), or paths of files with some.
    fn certificates(&mut self, node: &Node, scope: &Scope) -> Vec<Arc<[u8]>> {
        let mut out: Vec<Arc<[u8]>> = Vec::new();
        for (text, span) in self.texts(node, "engine.ca") {
            let content = if text.contains("-----BEGIN") {
                text.into_bytes()
            } else {
                let Some(path) = self.user_path(scope, &text, span) else { continue };
                let Some(content) = self.file(&path, span) else { continue };
                content
            };
            if String::from_utf8_lossy(&content).contains("-----BEGIN CERTIFICATE-----") {
                out.push(content.into());
            } else {
                let help = "a certificate in PEM begins with `-----BEGIN CERTIFICATE-----`";
                self.error(Code::BadValue, span, "this is not a certificate", help);
            }
        }
        out
    }

    fn texts(&mut self, node: &Node, key: &str) -> Vec<(String, Span)> {
        if let Value::Scalar { text, .. } = &node.value {
            return vec![(text.clone(), node.span)];
        }
        let items = self.list(node, key).unwrap_or_default();
        items.iter().filter_map(|item| Some((self.name(item, key)?, item.span))).collect()
    }

    /// Reports `inner` without `engine`.
    pub(in crate::spec) fn inner_without_engine(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::error(Code::InnerWithoutEngine, "`inner` needs an `engine` that it runs on")
                .at(span, "")
                .help(format!("add `engine:` with one of {}", kind_names())),
        );
    }
}

fn kind_names() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    listed(&names)
}

/// The pattern of the daemon (moby `volume/local`).
fn volume_name(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn key_lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}

/// A tree as JSON, with plain scalars as numbers and booleans where they are.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Scalar { text, plain: false } => text.clone().into(),
        Value::Scalar { text, plain: true } => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            text => match text.parse::<serde_json::Number>() {
                Ok(number) => number.into(),
                Err(_) => text.into(),
            },
        },
        Value::Seq(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.text.clone(), json(value))).collect(),
    }
}
