//! `volumes` and `tmpfs` of a service.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{Mount, MountSource, Recursive};
use crate::model::label::Labels;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::mount::{MountType, ServiceVolume, ServiceVolumeForm};
use crate::spec::raw::several::OneOrMany;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::lowering::Lowering;
use super::names::is_object_name;
use super::scope::Scope;
use super::value::text_pairs;

const PROPAGATION: &[&str] = &["private", "rprivate", "shared", "rshared", "slave", "rslave"];
const OPTIONS: &[&str] = &[
    "ro",
    "rw",
    "z",
    "Z",
    "nocopy",
    "cached",
    "consistent",
    "delegated",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
];

impl Lowering<'_> {
    /// All mounts of a service, one a target.
    pub(super) fn mounts(
        &self,
        volumes: Field<List<ServiceVolumeForm>>,
        tmpfs: Field<OneOrMany>,
        scope: &Scope,
    ) -> Vec<Spanned<Mount>> {
        let mut out = Vec::new();
        for Spanned { value, span } in volumes.value.unwrap_or_default().0 {
            let mount = match value {
                ServiceVolumeForm::Short(text) => self.short_mount(&text, span, scope),
                ServiceVolumeForm::Long(volume) => self.long_mount(&volume, span, scope),
            };
            out.extend(mount.map(|mount| Spanned::new(mount, span)));
        }
        let place = tmpfs.place.unwrap_or_default();
        let tmpfs: Vec<Spanned<String>> = match tmpfs.value {
            None => Vec::new(),
            Some(OneOrMany::One(one)) => vec![Spanned::new(one, place)],
            Some(OneOrMany::Many(list)) => list.0,
        };
        for Spanned { value, span } in tmpfs {
            let (target, options) = value.split_once(':').unwrap_or((&value, ""));
            if let Some(target) = self.target(target, span) {
                let source = MountSource::Tmpfs { options: options.to_owned() };
                out.push(Spanned::new(Mount { target, source, read_only: false, consistency: None }, span));
            }
        }
        out
    }

    /// Notes every second mount at one place inside.
    pub(super) fn one_a_target(&self, mounts: Vec<Spanned<Mount>>) -> Vec<Mount> {
        let mut out: Vec<Spanned<Mount>> = Vec::with_capacity(mounts.len());
        for mount in mounts {
            match out.iter().find(|other| other.value.target == mount.value.target) {
                None => out.push(mount),
                Some(other) => self.problems.push(
                    Diagnostic::error(
                        Code::Contradiction,
                        format!("two mounts have the target `{}`", mount.value.target),
                    )
                    .at(mount.span, "again")
                    .at(other.span, "first")
                    .help("Keep one of them."),
                ),
            }
        }
        out.into_iter().map(|mount| mount.value).collect()
    }

    fn target(&self, text: &str, span: Span) -> Option<String> {
        if text.starts_with('/') {
            let path = text.trim_end_matches('/');
            return Some(if path.is_empty() { "/" } else { path }.to_owned());
        }
        self.bad(
            span,
            format!("the target `{text}` is not an absolute path"),
            "Begin the path inside with `/`.",
        );
        None
    }

    /// `[SOURCE:]TARGET[:OPTIONS]`.
    fn short_mount(&self, text: &str, span: Span, scope: &Scope) -> Option<Mount> {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, words) = match parts.as_slice() {
            [target] => (None, *target, ""),
            [source, target] => (Some(*source), *target, ""),
            [source, target, words] => (Some(*source), *target, *words),
            _ => {
                self.bad(
                    span,
                    format!("{} has too many parts", quote(text)),
                    "Write `SOURCE:TARGET`, or `SOURCE:TARGET:ro`, or the long form.",
                );
                return None;
            }
        };
        if source == Some("") {
            self.bad(
                span,
                format!("{} has nothing before its first `:`", quote(text)),
                "Write `SOURCE:TARGET`.",
            );
            return None;
        }
        let target = self.target(target, span)?;
        let (mut read_only, mut selinux, mut nocopy, mut propagation) = (false, None, false, None);
        for word in words.split(',').filter(|word| !word.is_empty()) {
            match word {
                "ro" => read_only = true,
                "rw" | "cached" | "consistent" | "delegated" => {}
                "z" => selinux = Some('z'),
                "Z" => selinux = Some('Z'),
                "nocopy" => nocopy = true,
                word if PROPAGATION.contains(&word) => propagation = Some(word.to_owned()),
                word => {
                    let help = instead(word, OPTIONS, "options");
                    let message = format!("{} is not an option of a mount, and is left out", quote(word));
                    self.problems.push(Diagnostic::warning(Code::BadValue, message).at(span, "").help(help));
                }
            }
        }
        let source = match source {
            Some(source) if source.starts_with(['.', '/', '~']) => {
                let path = self.bind_path(source, span, scope)?;
                MountSource::Bind { path, create: true, propagation, selinux, recursive: None }
            }
            Some(source) => {
                let name = self.volume_key(source, span)?;
                volume(Some(name), nocopy)
            }
            None => volume(None, nocopy),
        };
        Some(Mount { target, source, read_only, consistency: None })
    }

    fn volume_key(&self, text: &str, span: Span) -> Option<String> {
        if is_object_name(text) {
            return Some(text.to_owned());
        }
        let message = format!("{} is neither a path nor the name of a volume", quote(text));
        self.problems.error(Code::BadName, span, message, "Begin a path with `./`, `/` or `~/`.");
        None
    }

    fn long_mount(&self, volume: &ServiceVolume, span: Span, scope: &Scope) -> Option<Mount> {
        let missing = |key: &str| {
            self.problems.error(
                Code::MissingKey,
                span,
                format!("`{key}` of the volume is missing"),
                format!("Add `{key}`."),
            );
        };
        let Some(kind) = volume.kind.get() else {
            if volume.kind.place.is_none() {
                missing("type");
            }
            return None;
        };
        if let Some((message, help)) = refusal(*kind.value) {
            self.problems.error(Code::NotSupported, kind.span, message, help);
            return None;
        }
        self.check_type_options(volume, *kind.value);
        let Some(target) = volume.target.get() else {
            if volume.target.place.is_none() {
                missing("target");
            }
            return None;
        };
        let target = self.target(target.value, target.span)?;
        let read_only = volume.read_only.value == Some(Switch(true));
        let source = match kind.value {
            MountType::Bind => {
                let Some(source) = volume.source.get() else {
                    missing("source");
                    return None;
                };
                self.long_bind(volume, &source, scope)?
            }
            MountType::Volume => {
                let name = match volume.source.get() {
                    Some(source) => Some(self.volume_key(source.value, source.span)?),
                    None => None,
                };
                let options = volume.volume.value.as_ref();
                MountSource::Volume {
                    name,
                    nocopy: options.is_some_and(|options| options.nocopy.value == Some(Switch(true))),
                    subpath: options.and_then(|options| options.subpath.value.clone()),
                    labels: options.map(|options| text_pairs(options.labels.clone())).unwrap_or_default(),
                }
            }
            MountType::Image => {
                let Some(source) = volume.source.get() else {
                    missing("source");
                    return None;
                };
                self.check_image(source.value, source.span);
                let options = volume.image.value.as_ref();
                MountSource::Image {
                    image: source.value.clone(),
                    subpath: options.and_then(|options| options.subpath.value.clone()),
                }
            }
            _ => self.memory(volume),
        };
        Some(Mount { target, source, read_only, consistency: volume.consistency.value.clone() })
    }

    fn long_bind(
        &self,
        volume: &ServiceVolume,
        source: &Spanned<&String>,
        scope: &Scope,
    ) -> Option<MountSource> {
        let path = self.bind_path(source.value, source.span, scope)?;
        let options = volume.bind.value.as_ref();
        let propagation = options.and_then(|options| options.propagation.get()).and_then(|word| {
            if PROPAGATION.contains(&word.value.as_str()) {
                return Some(word.value.clone());
            }
            let help = instead(word.value, PROPAGATION, "kinds of propagation");
            self.bad(word.span, format!("{} is not a kind of propagation", quote(word.value)), help);
            None
        });
        let selinux =
            options.and_then(|options| options.selinux.get()).and_then(|word| match word.value.as_str() {
                "z" => Some('z'),
                "Z" => Some('Z'),
                other => {
                    self.bad(
                        word.span,
                        format!("{} is not an SELinux option", quote(other)),
                        "Write `z` or `Z`.",
                    );
                    None
                }
            });
        let create = options.is_none_or(|options| options.create_host_path.value != Some(Switch(false)));
        let recursive = options.and_then(|options| options.recursive.get()).and_then(|word| {
            let found = RECURSIVE.iter().find(|known| known.as_str() == word.value);
            if found.is_none() {
                let words = RECURSIVE.map(Recursive::as_str);
                let help = instead(word.value, &words, "words");
                self.bad(word.span, format!("{} is not a value of `recursive`", quote(word.value)), help);
            }
            found.copied()
        });
        Some(MountSource::Bind { path, create, propagation, selinux, recursive })
    }

    fn memory(&self, volume: &ServiceVolume) -> MountSource {
        let Some(options) = &volume.tmpfs.value else {
            return MountSource::Memory { size: None, mode: None };
        };
        MountSource::Memory {
            size: self.bytes(&options.size),
            mode: self.whole::<u32>(&options.mode, 0, "a set of permission bits"),
        }
    }

    /// Options of another type than the volume's do nothing (Compose warns in these words).
    fn check_type_options(&self, volume: &ServiceVolume, kind: MountType) {
        for (of, key, place) in [
            (MountType::Bind, "bind", volume.bind.key),
            (MountType::Volume, "volume", volume.volume.key),
            (MountType::Tmpfs, "tmpfs", volume.tmpfs.key),
            (MountType::Image, "image", volume.image.key),
        ] {
            if let Some(place) = place.filter(|_| kind != of) {
                self.problems.push(
                    Diagnostic::warning(
                        Code::Unused,
                        format!("`{key}` does nothing for a volume of another type"),
                    )
                    .at(place, "")
                    .help(format!("Take `{key}` away, or write `type: {key}`.")),
                );
            }
        }
    }
}

const RECURSIVE: [Recursive; 4] =
    [Recursive::Enabled, Recursive::Disabled, Recursive::Writable, Recursive::Readonly];

fn volume(name: Option<String>, nocopy: bool) -> MountSource {
    MountSource::Volume { name, nocopy, subpath: None, labels: Labels::new() }
}

/// Why a type of volume cannot be had, and what to do.
fn refusal(kind: MountType) -> Option<(&'static str, &'static str)> {
    match kind {
        MountType::Cluster => Some((
            "a cluster volume is Swarm's, and an engine of its own has none",
            "Use `type: volume` with a `driver`.",
        )),
        MountType::Npipe => Some((
            "a named pipe is Windows', and nestctl makes Linux containers",
            "Bind a socket: `type: bind`.",
        )),
        MountType::Bind | MountType::Volume | MountType::Tmpfs | MountType::Image => None,
    }
}
