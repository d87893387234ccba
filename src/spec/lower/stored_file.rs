//! Configs and secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::behaviour::{FileDef, FileRole, FileSource, FileUse};
use crate::model::container::{BindPath, Mount, MountSource};
use crate::model::files::{Existing, PutFile};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::stored_file::{External, FileDefinition, FileUse as RawUse, FileUseForm};
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch, Whole};
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::lowering::Lowering;
use super::scope::Scope;
use super::value::text_pairs;

/// What follows from the configs or secrets of a service.
#[derive(Default)]
pub(super) struct UsedFiles {
    pub(super) uses: Vec<FileUse>,
    pub(super) mounts: Vec<Spanned<Mount>>,
    pub(super) files: Vec<PutFile>,
}

/// Permission bits where the file gives none.
const MODE: u32 = 0o444;

impl FileRole {
    /// What it is called.
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

/// A config or secret of a layer, and why no container can use it.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) def: FileDef,
    /// Where the value stands: the path, the variable's name.
    place: Span,
    /// What Compose does not support either: where it stands, and what it is.
    unusable: Option<(Span, &'static str)>,
}

/// Those of a layer.
pub(super) type StoredFiles = BTreeMap<String, Stored>;

/// The definitions alone.
pub(super) fn definitions(files: StoredFiles) -> BTreeMap<String, FileDef> {
    files.into_iter().map(|(key, stored)| (key, stored.def)).collect()
}

impl Lowering<'_> {
    /// `configs` or `secrets` of a layer.
    pub(super) fn stored_files(
        &self,
        role: FileRole,
        field: Field<Dict<FileDefinition>>,
        scope: &Scope,
    ) -> StoredFiles {
        let mut out = BTreeMap::new();
        for (key, field) in field.value.unwrap_or_default().0 {
            let span = field.key.unwrap_or_default();
            let refused = field.place.is_some_and(|place| !place.is_empty()) && field.value.is_none();
            let stored = match field.value {
                _ if refused => None,
                raw => self.stored_file(role, &key, raw.unwrap_or_default(), span, scope),
            };
            self.notes
                .borrow_mut()
                .defined_files
                .insert((scope.path.clone(), role.word(), key.clone()), span);
            let refused =
                || Stored { def: FileDef { span, ..FileDef::default() }, place: span, unusable: None };
            out.insert(key, stored.unwrap_or_else(refused));
        }
        out
    }

    fn stored_file(
        &self,
        role: FileRole,
        key: &str,
        raw: FileDefinition,
        span: Span,
        scope: &Scope,
    ) -> Option<Stored> {
        let written =
            [("file", raw.file.key), ("content", raw.content.key), ("environment", raw.environment.key)];
        let (external, external_name) = match raw.external.value {
            Some(External::Switch(Switch(on))) => (on, None),
            Some(External::Named(named)) => {
                if let Some(name) = named.name.key {
                    // compose-go `transform/external.go` says the same.
                    let message = "`external.name` is deprecated";
                    let help = "Write `external: true`, and `name` beside it.";
                    self.problems
                        .push(Diagnostic::warning(Code::Deprecated, message).at(name, "").help(help));
                }
                (true, named.name.value)
            }
            None => (false, None),
        };
        let mut places: Vec<(&str, Span)> =
            written.iter().filter_map(|(key, place)| Some((*key, (*place)?))).collect();
        if external {
            places.extend(raw.external.key.map(|place| ("external", place)));
        }
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
        let mut place = span;
        let source = if external {
            FileSource::External
        } else if let Some(Spanned { value, span }) = raw.file.take() {
            place = span;
            FileSource::File(self.user_path(&value, span, scope)?)
        } else if let Some(text) = raw.content.value {
            FileSource::Content(text)
        } else if let Some(Spanned { value, span }) = raw.environment.take() {
            place = span;
            FileSource::Environment(value)
        } else {
            if places.is_empty() && raw.external.place.is_none_or(|_| !external) {
                let message = format!("the {} `{key}` has no content", role.word());
                self.problems.error(
                    Code::MissingKey,
                    span,
                    message,
                    "Add `file`, `content` or `environment`.",
                );
            }
            return None;
        };
        let unusable = [
            (raw.external.key.filter(|_| external), "external"),
            (raw.driver.key, "driver"),
            (raw.template_driver.key, "template_driver"),
        ];
        let unusable = unusable.into_iter().find_map(|(place, what)| Some((place?, what)));
        let def =
            FileDef { name: raw.name.value.or(external_name), source, labels: text_pairs(raw.labels), span };
        Some(Stored { def, place, unusable })
    }

    /// `configs` or `secrets` of a service: what is written, binds of files, and files to put in.
    pub(super) fn file_uses(
        &self,
        role: FileRole,
        field: Field<List<FileUseForm>>,
        known: &StoredFiles,
        scope: &Scope,
    ) -> UsedFiles {
        let mut out = UsedFiles::default();
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let uses = match value {
                FileUseForm::Name(name) => RawUse {
                    source: Field { value: Some(name), place: Some(span), key: Some(span) },
                    ..RawUse::default()
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
            let path = match uses.target.value.as_deref() {
                Some(target) if target.starts_with('/') => target.to_owned(),
                Some(target) => format!("{}{target}", role.directory()),
                None => format!("{}{name}", role.directory()),
            };
            self.file_use(role, &uses, &name, stored, path.clone(), span, scope, &mut out);
            out.uses.push(FileUse {
                role,
                source: name,
                target: uses.target.value.clone(),
                path,
                uid: uses.uid.value.as_ref().map(|owner| owner.0.clone()),
                gid: uses.gid.value.as_ref().map(|owner| owner.0.clone()),
                mode: self.permissions(&uses.mode),
            });
        }
        out
    }

    #[expect(clippy::too_many_arguments, reason = "one use and what it is of, each with its own type")]
    fn file_use(
        &self,
        role: FileRole,
        uses: &RawUse,
        name: &str,
        stored: &Stored,
        path: String,
        span: Span,
        scope: &Scope,
        out: &mut UsedFiles,
    ) {
        let word = role.word();
        if let Some((place, what)) = stored.unusable {
            self.problems.push(
                Diagnostic::error(
                    Code::NotSupported,
                    format!("the {word} `{name}` has `{what}`, and an engine outside of a swarm has no store of {word}s"),
                )
                .at(span, "used here")
                .at(place, "")
                .help("Give its bytes with `file`, `content` or `environment`."),
            );
            return;
        }
        let bytes: Arc<[u8]> = match &stored.def.source {
            FileSource::Refused | FileSource::External => return,
            FileSource::File(file) => {
                if !self.files.exists(file) {
                    let file = self.name_of(file);
                    let help = "Paths are relative to the directory of the file that names them.";
                    let message = format!("the file `{file}` does not exist");
                    self.problems.error(Code::HostPath, stored.place, message, help);
                }
                self.warn_unheeded(role, uses);
                let source = MountSource::bind(BindPath::User(file.clone()), false);
                out.mounts.push(Spanned::new(Mount::new(path, source, true), span));
                return;
            }
            FileSource::Content(text) => text.as_bytes().into(),
            FileSource::Environment(variable) => {
                let vars = self.vars_of(stored.place, scope);
                let Some(text) = vars.get(variable) else {
                    let message = format!("the variable `{variable}` of the {word} `{name}` is not set");
                    let help = format!("Set `{variable}` in the environment or in `.env`.");
                    self.problems.error(Code::Interpolation, stored.place, message, help);
                    return;
                };
                text.as_bytes().into()
            }
        };
        out.files.push(PutFile {
            path,
            mode: self.permissions(&uses.mode).unwrap_or(MODE),
            uid: self.owner(&uses.uid),
            gid: self.owner(&uses.gid),
            content: bytes,
            existing: Existing::Replace,
        });
    }

    fn permissions(&self, field: &Field<Whole>) -> Option<u32> {
        self.whole(field, 0, "a set of permission bits")
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
    fn warn_unheeded(&self, role: FileRole, uses: &RawUse) {
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
