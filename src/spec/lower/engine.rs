//! `engine` of a service.

use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::kind::kinds::{KINDS, find};
use crate::model::service::{DataRoot, EngineOptions, SshOptions};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::engine::{DataForm, Engine, EngineForm, Ssh};
use crate::spec::raw::several::OneOrMany;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Plain;
use crate::spec::read::words::{enumerate, instead, quote};
use crate::spec::text::cidr::is_cidr;
use crate::spec::tree::node::Text;

use super::lowering::Lowering;
use super::scope::Scope;
use super::value::texts;

/// Where `tls: true` means that a node has its client's certificates (the official `docker` image's place).
const CLIENT_CERTIFICATES: &str = "/certs/client";
/// Keys that every kind understands.
const COMMON: &[&str] = &["kind", "ready_timeout"];

/// The names of all kinds, in the order of the table.
pub(super) fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}

impl Lowering<'_> {
    /// The kind and the options. `None`: there is no engine, or the kind is missing.
    pub(super) fn engine(
        &self,
        field: Field<EngineForm>,
        keys: &[Spanned<Text>],
        scope: &Scope,
    ) -> Option<(Spanned<String>, EngineOptions)> {
        let Spanned { value, span } = field.take()?;
        let raw = match value {
            EngineForm::Kind(kind) => {
                let kind = Spanned::new(kind, span);
                self.check_kind(&kind);
                return Some((kind, EngineOptions::default()));
            }
            EngineForm::Options(raw) => *raw,
        };
        let Some(kind) = raw.kind.clone().take() else {
            if raw.kind.place.is_none() {
                let help = format!("Add `kind`: one of {}.", enumerate(kinds()));
                self.problems.error(Code::MissingKey, span, "`kind` of the engine is missing", help);
            }
            return None;
        };
        if self.check_kind(&kind) {
            self.check_options(&kind, keys);
        }
        Some((kind, self.options(raw, scope)))
    }

    fn check_kind(&self, kind: &Spanned<String>) -> bool {
        let known = find(&kind.value).is_some();
        if !known {
            let message = format!("there is no engine kind `{}`", kind.value);
            self.problems.error(
                Code::UnknownKind,
                kind.span,
                message,
                instead(&kind.value, &kinds(), "kinds"),
            );
        }
        known
    }

    /// Every key of `engine` must be one that the kind understands.
    fn check_options(&self, kind: &Spanned<String>, keys: &[Spanned<Text>]) {
        let Some(row) = find(&kind.value) else { return };
        for key in keys {
            let name = key.value.as_str();
            let known_to_some = KINDS.iter().any(|kind| kind.options.contains(&name));
            if COMMON.contains(&name) || row.options.contains(&name) || !known_to_some {
                continue;
            }
            let help = match row.options {
                [] => format!("Take it away: `{}` has no options but `ready_timeout`.", kind.value),
                options => format!(
                    "`{}` takes {}.",
                    kind.value,
                    enumerate(options.iter().copied().chain(["ready_timeout"]))
                ),
            };
            self.problems.push(
                Diagnostic::error(
                    Code::KindConflict,
                    format!("the engine kind `{}` has no option `{name}`", kind.value),
                )
                .at(key.span, "")
                .at(kind.span, "the kind")
                .help(help),
            );
        }
    }

    fn options(&self, raw: Engine, scope: &Scope) -> EngineOptions {
        let ready_timeout = self.duration(&raw.ready_timeout);
        let mtu = self.whole::<u32>(&raw.mtu, 68, "an MTU");
        let address_pool = raw.address_pool.take();
        if let Some(pool) = address_pool.as_ref().filter(|pool| !is_cidr(&pool.value)) {
            let help = "Write an address and the length of its prefix: `10.210.0.0/16`.";
            self.bad(pool.span, format!("{} is not a network", quote(&pool.value)), help);
        }
        let host = raw.host.take();
        if let Some(host) = &host {
            self.check_host(host);
        }
        EngineOptions {
            args: raw.args.value.map(texts).unwrap_or_default(),
            config: raw.config.take().map(|config| {
                let text = serde_json::Value::Object(config.value.0).to_string();
                Spanned::new(text, config.span)
            }),
            data: self.data(raw.data),
            address_pool,
            mtu,
            registry_mirrors: raw.registry_mirrors.value.map(texts).unwrap_or_default(),
            insecure_registries: raw.insecure_registries.value.map(texts).unwrap_or_default(),
            ready_timeout,
            path: raw.path.take().and_then(|path| self.absolute(path)),
            host,
            tls: raw.tls.take().and_then(|tls| self.tls(tls)),
            ssh: raw.ssh.take().map(|ssh| self.ssh(ssh, scope)),
            ca: self.certificates(raw.ca, scope),
        }
    }

    fn absolute(&self, path: Spanned<String>) -> Option<String> {
        if path.value.starts_with('/') {
            return Some(path.value);
        }
        self.bad(path.span, format!("{} is not an absolute path", quote(&path.value)), "Begin it with `/`.");
        None
    }

    fn check_host(&self, host: &Spanned<String>) {
        let ok =
            host.value.strip_prefix("tcp://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':'));
        if !ok.is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
        {
            let help = "Write `tcp://NAME:PORT`, as the node sees it.";
            self.bad(host.span, format!("{} is not the address of an engine", quote(&host.value)), help);
        }
    }

    fn tls(&self, tls: Spanned<Plain>) -> Option<String> {
        match tls.value.0.as_str() {
            "true" => Some(CLIENT_CERTIFICATES.to_owned()),
            "false" => None,
            _ => self.absolute(Spanned::new(tls.value.0, tls.span)),
        }
    }

    fn data(&self, field: Field<DataForm>) -> DataRoot {
        let Some(Spanned { value, span }) = field.take() else { return DataRoot::default() };
        match value {
            DataForm::Word(word) => match word.as_str() {
                "volume" => DataRoot::Volume,
                "tmpfs" => DataRoot::Tmpfs,
                other => {
                    let help = "Write `volume`, `tmpfs`, or `{volume: NAME}`.";
                    self.bad(span, format!("{} is not a place for an engine's data", quote(other)), help);
                    DataRoot::default()
                }
            },
            DataForm::Named(named) => {
                if let Some(name) = named.volume.take() {
                    self.check_name("the name of a volume", &name.value, name.span);
                    DataRoot::Named(name.value)
                } else {
                    self.problems.error(
                        Code::MissingKey,
                        span,
                        "`volume` is missing",
                        "Add the name of the volume.",
                    );
                    DataRoot::default()
                }
            }
        }
    }

    fn ssh(&self, ssh: Spanned<Ssh>, scope: &Scope) -> SshOptions {
        let authorized_keys = match ssh.value.authorized_keys.clone().take() {
            None => {
                if ssh.value.authorized_keys.place.is_none() {
                    let help = "Add public keys, or the path of a file with them: `authorized_keys: ~/.ssh/id_ed25519.pub`.";
                    self.problems.error(
                        Code::MissingKey,
                        ssh.span,
                        "`authorized_keys` of `ssh` is missing",
                        help,
                    );
                }
                Vec::new()
            }
            Some(Spanned { value: OneOrMany::Many(list), .. }) => {
                list.0.into_iter().flat_map(|item| self.keys(&item.value, item.span, scope)).collect()
            }
            Some(Spanned { value: OneOrMany::One(one), span }) => self.keys(&one, span, scope),
        };
        SshOptions { user: ssh.value.user.value.unwrap_or_else(|| "root".to_owned()), authorized_keys }
    }

    /// Public keys: the text itself, or those of the file that it names. A key holds a space, a path rarely does.
    fn keys(&self, text: &str, span: Span, scope: &Scope) -> Vec<String> {
        if text.split_whitespace().count() > 1 {
            return lines(text);
        }
        let bytes = self.read_beside(text, span, scope);
        bytes.map(|bytes| lines(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
    }

    fn certificates(&self, field: Field<OneOrMany>, scope: &Scope) -> Vec<Arc<[u8]>> {
        let Some(Spanned { value, span }) = field.take() else { return Vec::new() };
        let paths = match value {
            OneOrMany::One(path) => vec![Spanned::new(path, span)],
            OneOrMany::Many(list) => list.0,
        };
        let mut out = Vec::new();
        for path in paths {
            let Some(bytes) = self.read_beside(&path.value, path.span, scope) else { continue };
            if !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
                let message = format!("{} holds no certificate", quote(&path.value));
                self.bad(path.span, message, "Name a file in PEM form (`-----BEGIN CERTIFICATE-----`).");
            }
            out.push(bytes.into());
        }
        out
    }

    /// The bytes of a small file that a layer names.
    fn read_beside(&self, text: &str, span: Span, scope: &Scope) -> Option<Vec<u8>> {
        let path = self.user_path(text, span, scope)?;
        match self.files.read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let name = self.name_of(&path);
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => format!("the file `{name}` does not exist"),
                    _ => format!("the file `{name}` cannot be read: {error}"),
                };
                let help = "Paths are relative to the directory of the file that names them.";
                self.problems.error(Code::FileNotFound, span, message, help);
                None
            }
        }
    }
}

/// Keys, one a line, without comments.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
