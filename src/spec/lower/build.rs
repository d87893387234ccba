//! `build` of a service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::behaviour::{FileRole, FileSource};
use crate::model::build::{BuildSecret, BuildSpec, CachePlace, Context, Dockerfile, SecretSource, SshAgent};
use crate::model::name::ServiceName;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::build::{Build, BuildForm};
use crate::spec::raw::several::Pairs;
use crate::spec::raw::stored_file::{FileUse, FileUseForm};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch};
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::lowering::Lowering;
use super::path::normal;
use super::scope::Scope;
use super::stored_file::StoredFiles;
use super::value::{many, pairs, text_pairs, texts};

/// The variable that names the user's agent of ssh.
const AGENT: &str = "SSH_AUTH_SOCK";
const ON: Option<Switch> = Some(Switch(true));
/// Kinds of cache that the engine itself reads and writes.
const CACHES: &[&str] = &["registry", "inline"];

impl Lowering<'_> {
    /// How the image of a service is built, whose containers are of the platform `own`.
    pub(super) fn build(
        &self,
        field: Field<BuildForm>,
        own: Option<Spanned<&String>>,
        secrets: &StoredFiles,
        scope: &Scope,
    ) -> Option<Box<BuildSpec>> {
        let key = field.key.unwrap_or_default();
        let raw = match field.take()? {
            Spanned { value: BuildForm::Context(text), span } => {
                let context = Field { value: Some(text), place: Some(span), key: Some(key) };
                Box::new(Build { context, ..Build::default() })
            }
            Spanned { value: BuildForm::Options(raw), .. } => raw,
        };
        let Build {
            context,
            dockerfile,
            dockerfile_inline,
            args,
            ssh,
            cache_from,
            cache_to,
            no_cache,
            no_cache_filter,
            pull,
            additional_contexts,
            network,
            extra_hosts,
            isolation,
            privileged,
            entitlements,
            labels,
            shm_size,
            target,
            secrets: used,
            tags,
            ulimits,
            platforms,
            provenance,
            sbom,
        } = *raw;
        let platforms_key = platforms.key;
        let given = context.take();
        let (text, place) = given.map_or((".".to_owned(), key), |given| (given.value, given.span));
        let context = self.build_context(&text, place, scope)?;
        if let Some(text) = isolation.get().filter(|text| text.value != "default") {
            self.bad(
                text.span,
                format!("{} is not an isolation of Linux", quote(text.value)),
                "Take it away, or write `default`: the others are Windows'.",
            );
        }
        let platforms = platforms.value.map(texts).unwrap_or_default();
        self.check_platform(own, &platforms, platforms_key.unwrap_or(key), scope);
        let tags = tags.value.unwrap_or_default();
        tags.0.iter().for_each(|tag| self.check_image(&tag.value, tag.span));
        let mut entitlements = entitlements.value.map(texts).unwrap_or_default();
        if privileged.value == ON && !entitlements.iter().any(|word| word == "security.insecure") {
            entitlements.push("security.insecure".to_owned());
        }
        let known = |(name, value, _): (String, Option<String>, Span)| {
            let value = value.or_else(|| scope.vars.get(&name).cloned())?;
            Some((name, value))
        };
        Some(Box::new(BuildSpec {
            dockerfile: self.dockerfile(&context, dockerfile, dockerfile_inline, scope)?,
            context,
            args: pairs(args).into_iter().filter_map(known).collect(),
            ssh: self.ssh_agents(ssh, scope),
            cache_from: self.cache_places(cache_from),
            cache_to: self.cache_places(cache_to),
            no_cache: no_cache.value == ON,
            no_cache_filter: no_cache_filter.value.map(many).unwrap_or_default(),
            pull: pull.value == ON,
            additional_contexts: self.additional_contexts(additional_contexts, scope),
            network: self.build_network(&network),
            extra_hosts: self.extra_hosts(extra_hosts),
            entitlements,
            labels: text_pairs(labels),
            shm_size: self.bytes(&shm_size),
            target: target.value,
            secrets: self.build_secrets(used, secrets, scope),
            tags: texts(tags),
            ulimits: self.ulimits(ulimits),
            platforms,
            provenance: attestation(&provenance),
            sbom: attestation(&sbom),
            span: key,
        }))
    }

    /// The platform of the containers must be among those that are built, at `place`.
    fn check_platform(
        &self,
        own: Option<Spanned<&String>>,
        platforms: &[String],
        place: Span,
        scope: &Scope,
    ) {
        let own = own.filter(|own| !own.value.is_empty());
        let Some(wanted) = own.as_ref().map(|own| own.value).or_else(|| scope.default_platform()) else {
            return;
        };
        if platforms.is_empty() || platforms.contains(wanted) {
            return;
        }
        let whose = if own.is_some() { "of the service" } else { "of `DOCKER_DEFAULT_PLATFORM`" };
        let message = format!("the platform {} {whose} is not among those that are built", quote(wanted));
        let mut problem = Diagnostic::error(Code::Contradiction, message);
        if let Some(own) = own {
            problem = problem.at(own.span, "the container's");
        }
        self.problems.push(problem.at(place, "what is built").help("Add it to `platforms` of `build`."));
    }

    /// A context as compose-go's `paths/context.go` tells addresses from directories.
    fn build_context(&self, text: &str, span: Span, scope: &Scope) -> Option<Context> {
        if let Some(name) = text.strip_prefix("service:") {
            return if let Ok(name) = ServiceName::new(name) {
                Some(Context::Service(name))
            } else {
                self.bad(
                    span,
                    format!("{} is not the name of a service", quote(name)),
                    "Name a service of this layer.",
                );
                None
            };
        }
        if text.starts_with("oci-layout://") {
            let help = "Load the image into the engine, and write `docker-image://NAME`.";
            self.problems.error(
                Code::NotSupported,
                span,
                "a build cannot take a layout of OCI for a context",
                help,
            );
            return None;
        }
        if is_remote(text) {
            return Some(Context::Remote(text.to_owned()));
        }
        let path = self.user_path(text, span, scope)?;
        if !self.files.exists(&path) {
            let message = format!("the directory {} does not exist", quote(&self.name_of(&path)));
            let help = "Paths are relative to the directory of the file that names them.";
            self.problems.error(Code::HostPath, span, message, help);
        }
        Some(Context::Directory(path))
    }

    fn dockerfile(
        &self,
        context: &Context,
        named: Field<String>,
        inline: Field<String>,
        scope: &Scope,
    ) -> Option<Dockerfile> {
        if let (Some(here), Some(there)) = (named.key, inline.key) {
            self.problems.push(
                Diagnostic::error(
                    Code::Contradiction,
                    "`dockerfile` and `dockerfile_inline` exclude each other",
                )
                .at(there, "")
                .at(here, "")
                .help("Keep the one that is meant."),
            );
            return None;
        }
        if let Some(text) = inline.value {
            return Some(Dockerfile::Inline(text.into()));
        }
        let named = named.take().filter(|named| !named.value.is_empty());
        let text = named.as_ref().map_or("Dockerfile", |named| named.value.as_str());
        match context {
            Context::Directory(directory) => {
                let path = match &named {
                    Some(named) if named.value.starts_with('~') => {
                        self.user_path(&named.value, named.span, scope)?
                    }
                    _ => normal(&directory.join(text)),
                };
                if let Some(named) = named.filter(|_| !self.files.exists(&path)) {
                    let message = format!("the file {} does not exist", quote(&self.name_of(&path)));
                    let help = "The path is relative to the build's context.";
                    self.problems.error(Code::HostPath, named.span, message, help);
                }
                Some(Dockerfile::File(path))
            }
            Context::Remote(_) | Context::Service(_) if Path::new(text).is_absolute() => {
                Some(Dockerfile::File(PathBuf::from(text)))
            }
            Context::Remote(_) | Context::Service(_) => Some(Dockerfile::Within(text.to_owned())),
        }
    }

    fn additional_contexts(&self, field: Field<Pairs>, scope: &Scope) -> BTreeMap<String, Context> {
        let mut out = BTreeMap::new();
        for (name, value, span) in pairs(field) {
            let Some(value) = value.filter(|value| !value.is_empty() && !name.is_empty()) else {
                self.bad(
                    span,
                    "a context needs a name and a place",
                    "Write `NAME: ./directory` or an address.",
                );
                continue;
            };
            if let Some(context) = self.build_context(&value, span, scope) {
                out.insert(name, context);
            }
        }
        out
    }

    /// `default` is the user's own agent; `ID=PATH` another's socket.
    fn ssh_agents(&self, field: Field<Pairs>, scope: &Scope) -> BTreeMap<String, SshAgent> {
        let mut out = BTreeMap::new();
        for (id, path, span) in pairs(field) {
            let (id, path) = match (path, id.split_once('=')) {
                (None, Some((id, path))) => (id.to_owned(), Some(path.to_owned())),
                (path, _) => (id, path),
            };
            let path = path.filter(|path| !path.is_empty());
            if path.is_none() && id != "default" {
                self.bad(
                    span,
                    format!("the agent {} of ssh has no socket", quote(&id)),
                    format!("Write `{id}=SOCKET`, the path of an agent's socket or of a key; `default` is your own agent."),
                );
                continue;
            }
            let agent = match path {
                Some(path) => match self.user_path(&path, span, scope) {
                    Some(path) => SshAgent::Socket(path),
                    None => continue,
                },
                None => scope
                    .vars
                    .get(AGENT)
                    .filter(|path| !path.is_empty())
                    .map_or(SshAgent::Missing, |path| SshAgent::Socket(PathBuf::from(path))),
            };
            out.insert(id, agent);
        }
        out
    }

    /// `type=registry,ref=…`, or a reference of an image alone.
    fn cache_places(&self, field: Field<List<String>>) -> Vec<CachePlace> {
        let mut out = Vec::new();
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let mut attributes = BTreeMap::new();
            if !value.contains('=') {
                attributes.insert("ref".to_owned(), value);
                out.push(CachePlace { kind: "registry".to_owned(), attributes });
                continue;
            }
            for part in value.split(',') {
                let (key, text) = part.split_once('=').unwrap_or((part, ""));
                attributes.insert(key.trim().to_lowercase(), text.trim().to_owned());
            }
            let kind = attributes.remove("type").unwrap_or_else(|| "registry".to_owned());
            if !CACHES.contains(&kind.as_str()) {
                let message = format!("a cache of the type {} is not supported", quote(&kind));
                self.problems.error(Code::NotSupported, span, message, instead(&kind, CACHES, "types"));
                continue;
            }
            out.push(CachePlace { kind, attributes });
        }
        out
    }

    /// BuildKit knows no networks of the engine (buildx refuses the same for its `docker` driver).
    fn build_network(&self, field: &Field<String>) -> Option<String> {
        let Spanned { value, span } = field.get()?;
        match value.as_str() {
            "none" | "host" => Some(value.clone()),
            "default" | "" => None,
            _ => {
                let message = format!("a build cannot join the network {}", quote(value));
                let help = "Write `none`, `host` or `default`: BuildKit knows no networks of the engine.";
                self.problems.error(Code::NotSupported, span, message, help);
                None
            }
        }
    }

    fn build_secrets(
        &self,
        field: Field<List<FileUseForm>>,
        known: &StoredFiles,
        scope: &Scope,
    ) -> BTreeMap<String, BuildSecret> {
        let mut out = BTreeMap::new();
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let uses = match value {
                FileUseForm::Name(name) => FileUse {
                    source: Field { value: Some(name), place: Some(span), key: Some(span) },
                    ..FileUse::default()
                },
                FileUseForm::Options(uses) => *uses,
            };
            let Some(source) = uses.source.get() else {
                let help = "Name a secret of the layer.";
                self.problems.error(Code::MissingKey, span, "`source` of the secret is missing", help);
                continue;
            };
            let name = source.value.clone();
            self.notes.borrow_mut().used_files.insert((
                scope.path.clone(),
                FileRole::Secret.word(),
                name.clone(),
            ));
            let Some(stored) = known.get(&name) else {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                let message = format!("there is no secret `{name}` in this layer");
                let help = match names.as_slice() {
                    [] => "Define it in `secrets` of the layer.".to_owned(),
                    names => instead(&name, names, "secrets of the layer"),
                };
                self.problems.error(Code::UnknownSecret, source.span, message, help);
                continue;
            };
            let id = uses.target.value.clone().unwrap_or_else(|| name.clone());
            let source = match &stored.def.source {
                FileSource::Refused => continue,
                FileSource::File(path) => SecretSource::File(path.clone()),
                FileSource::Content(text) => SecretSource::Bytes(text.clone().into_bytes().into()),
                FileSource::Environment(variable) => {
                    if let Some(text) = scope.vars.get(variable) {
                        SecretSource::Bytes(text.clone().into_bytes().into())
                    } else {
                        let message = format!("the variable `{variable}` of the secret `{name}` is not set");
                        let help = format!("Set `{variable}` in the environment or in `.env`.");
                        self.problems.error(Code::Interpolation, span, message, help);
                        continue;
                    }
                }
                FileSource::External => {
                    let message =
                        format!("the secret `{name}` is `external`, and a build has no store of secrets");
                    let help = "Give its bytes with `file`, `content` or `environment`.";
                    self.problems.error(Code::NotSupported, span, message, help);
                    continue;
                }
            };
            out.insert(id, BuildSecret { name, source });
        }
        out
    }
}

/// The address of something that BuildKit fetches itself.
fn is_remote(text: &str) -> bool {
    text.contains("://") || ["github.com/", "git@"].iter().any(|prefix| text.starts_with(prefix))
}

/// `false` is none.
fn attestation(field: &Field<Plain>) -> Option<String> {
    let Plain(text) = field.value.as_ref()?;
    (text != "false" && !text.is_empty()).then(|| text.clone())
}
