//! Configs and secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{BindPath, Mount, MountSource};
use crate::model::files::{Existing, PutFile};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::stored_file::{FileDefinition, FileUse, FileUseForm};
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Plain;
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::lowering::Lowering;
use super::scope::Scope;

/// Permission bits where the file gives none.
const MODE: u32 = 0o444;

/// Configs or secrets.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Config,
    Secret,
}

impl Role {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Secret => "secret",
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::Config => Code::UnknownConfig,
            Self::Secret => Code::UnknownSecret,
        }
    }

    /// The directory of targets that are not absolute.
    const fn directory(self) -> &'static str {
        match self {
            Self::Config => "/",
            Self::Secret => "/run/secrets/",
        }
    }
}

/// Where the bytes of a config or secret come from.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    File(PathBuf),
    Content(Arc<[u8]>),
    /// Refused: using it says nothing more.
    Refused,
}

/// Those of a layer.
pub(super) type StoredFiles = BTreeMap<String, Stored>;

impl Lowering<'_> {
    /// `configs` or `secrets` of a layer.
    pub(super) fn stored_files(
        &self,
        role: Role,
        field: Field<Dict<FileDefinition>>,
        scope: &Scope,
    ) -> StoredFiles {
        let mut out = BTreeMap::new();
        for (key, field) in field.value.unwrap_or_default().0 {
            let span = field.key.unwrap_or_default();
            let refused = field.place.is_some_and(|place| place.start < place.end) && field.value.is_none();
            let stored = match field.value {
                _ if refused => None,
                raw => self.stored_file(role, &key, raw.unwrap_or_default(), span, scope),
            };
            self.notes
                .borrow_mut()
                .defined_files
                .insert((scope.path.clone(), role.word(), key.clone()), span);
            out.insert(key, stored.unwrap_or(Stored::Refused));
        }
        out
    }

    fn stored_file(
        &self,
        role: Role,
        key: &str,
        raw: FileDefinition,
        span: Span,
        scope: &Scope,
    ) -> Option<Stored> {
        self.refuse_not_yet([
            ("external", &raw.external),
            ("labels", &raw.labels),
            ("driver", &raw.driver),
            ("driver_opts", &raw.driver_opts),
            ("template_driver", &raw.template_driver),
        ]);
        let written =
            [("file", raw.file.key), ("content", raw.content.key), ("environment", raw.environment.key)];
        let places: Vec<(&str, Span)> =
            written.iter().filter_map(|(key, place)| Some((*key, (*place)?))).collect();
        if let [(first, here), (second, there), ..] = places.as_slice() {
            self.problems.push(
                Diagnostic::error(
                    Code::Contradiction,
                    format!("`{first}` and `{second}` exclude each other"),
                )
                .at(*there, "")
                .at(*here, "")
                .help("Keep the one that holds the bytes."),
            );
            return None;
        }
        if let Some(Spanned { value, span }) = raw.file.take() {
            let path = self.user_path(&value, span, scope)?;
            if !self.files.exists(&path) {
                let name = self.name_of(&path);
                let help = "Paths are relative to the directory of the file that names them.";
                self.problems.error(Code::HostPath, span, format!("the file `{name}` does not exist"), help);
            }
            return Some(Stored::File(path));
        }
        if let Some(text) = raw.content.value {
            return Some(Stored::Content(text.into_bytes().into()));
        }
        if let Some(Spanned { value, span }) = raw.environment.take() {
            let vars = self.vars_of(span, scope);
            let Some(text) = vars.get(&value) else {
                let message = format!("the variable `{value}` of the {} `{key}` is not set", role.word());
                let help = format!("Set `{value}` in the environment or in `.env`.");
                self.problems.error(Code::Interpolation, span, message, help);
                return None;
            };
            return Some(Stored::Content(text.clone().into_bytes().into()));
        }
        if places.is_empty() && raw.external.key.is_none() {
            let message = format!("the {} `{key}` has no content", role.word());
            self.problems.error(Code::MissingKey, span, message, "Add `file`, `content` or `environment`.");
        }
        None
    }

    /// `configs` or `secrets` of a service: binds of files, and files to put in.
    pub(super) fn file_uses(
        &self,
        role: Role,
        field: Field<List<FileUseForm>>,
        known: &StoredFiles,
        scope: &Scope,
    ) -> (Vec<Spanned<Mount>>, Vec<PutFile>) {
        let (mut mounts, mut files) = (Vec::new(), Vec::new());
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let uses = match value {
                FileUseForm::Name(name) => FileUse {
                    source: Field { value: Some(name), place: Some(span), key: Some(span) },
                    ..FileUse::default()
                },
                FileUseForm::Options(uses) => *uses,
            };
            let Some(source) = uses.source.get() else {
                if uses.source.place.is_none() {
                    let message = format!("`source` of the {} is missing", role.word());
                    self.problems.error(
                        Code::MissingKey,
                        span,
                        message,
                        format!("Name a {} of the layer.", role.word()),
                    );
                }
                continue;
            };
            let name = source.value.clone();
            self.notes.borrow_mut().used_files.insert((scope.path.clone(), role.word(), name.clone()));
            let Some(stored) = known.get(&name) else {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                let message = format!("there is no {} `{name}` in this layer", role.word());
                let help = match names.as_slice() {
                    [] => format!("Define it in `{}s` of the layer.", role.word()),
                    names => instead(&name, names, &format!("{}s of the layer", role.word())),
                };
                self.problems.error(role.code(), source.span, message, help);
                continue;
            };
            let target = match uses.target.value.as_deref() {
                Some(target) if target.starts_with('/') => target.to_owned(),
                Some(target) => format!("{}{target}", role.directory()),
                None => format!("{}{name}", role.directory()),
            };
            match stored {
                Stored::Refused => {}
                Stored::File(path) => {
                    self.warn_unheeded(role, &uses);
                    let source = MountSource::Bind {
                        path: BindPath::User(path.clone()),
                        create: false,
                        propagation: None,
                        selinux: None,
                    };
                    mounts.push(Spanned::new(Mount { target, source, read_only: true }, span));
                }
                Stored::Content(content) => files.push(PutFile {
                    path: target,
                    mode: self.whole(&uses.mode, 0, "a set of permission bits").unwrap_or(MODE),
                    uid: self.owner(&uses.uid),
                    gid: self.owner(&uses.gid),
                    content: Arc::clone(content),
                    existing: Existing::Replace,
                }),
            }
        }
        (mounts, files)
    }

    fn owner(&self, field: &Field<Plain>) -> u32 {
        let Some(Spanned { value: Plain(text), span }) = field.get() else { return 0 };
        text.parse().unwrap_or_else(|_| {
            self.bad(
                span,
                format!("{} is not a user or group number", quote(text)),
                "Write the number: names are known inside the image only.",
            );
            0
        })
    }

    /// A bind shows the file as it is, with its own owner and permissions.
    fn warn_unheeded(&self, role: Role, uses: &FileUse) {
        for (key, place) in [("uid", uses.uid.place), ("gid", uses.gid.place), ("mode", uses.mode.place)] {
            if let Some(span) = place {
                let message = format!("`{key}` has no effect on a {} that is a file", role.word());
                let help =
                    "The file keeps its own owner and permissions: set them on the file, or use `content`.";
                self.problems.push(Diagnostic::warning(Code::NotSupported, message).at(span, "").help(help));
            }
        }
    }
}
