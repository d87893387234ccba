//! Hooks, links, `volumes_from`, `develop`, `provider`, `models`, label files.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::model::addr::Pattern;
use crate::model::behaviour::{
    Behaviour, Develop, Hook, Link, Provider, Sharer, VolumesFrom, Watch, WatchAction,
};
use crate::model::name::ServiceName;
use crate::model::service::{Condition, Dependency, Target};
use crate::model::span::{Span, Spanned};
use crate::spec::files::Vars;
use crate::spec::raw::delegate::{ModelUse, ModelUses, Provider as RawProvider, ProviderOption};
use crate::spec::raw::hook::{Develop as RawDevelop, Hook as RawHook, InitHook, Watch as RawWatch};
use crate::spec::raw::service::Service as Raw;
use crate::spec::raw::several::{OneOrMany, Pairs};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::lowering::Lowering;
use super::scope::Scope;
use super::value::{many, pairs};

const ON: Option<Switch> = Some(Switch(true));

impl Lowering<'_> {
    /// The keys of a service that make steps or dependencies; they are taken out of `raw`. Labels of its label
    /// files are the second part.
    pub(super) fn behaviour(&self, raw: &mut Raw, scope: &Scope) -> (Behaviour, BTreeMap<String, String>) {
        let (label_files, labels) = self.label_files(std::mem::take(&mut raw.label_file), scope);
        if let Some(place) = raw.models.key {
            self.problems.error(
                Code::NotSupported,
                place,
                "`models` needs Docker Model Runner, which nestctl does not drive",
                "Run the model as a service of its own, and give its address in `environment`.",
            );
        }
        let behaviour = Behaviour {
            links: self.links(std::mem::take(&mut raw.links)),
            external_links: self.external_links(std::mem::take(&mut raw.external_links)),
            volumes_from: self.volumes_from(std::mem::take(&mut raw.volumes_from)),
            pre_start: self.init_hooks(std::mem::take(&mut raw.pre_start), scope),
            post_start: self.hooks(std::mem::take(&mut raw.post_start), scope),
            pre_stop: self.hooks(std::mem::take(&mut raw.pre_stop), scope),
            use_api_socket: raw.use_api_socket.value == ON,
            attach: raw.attach.value.map(|switch| switch.0),
            develop: self.develop(std::mem::take(&mut raw.develop), scope),
            provider: self.provider(std::mem::take(&mut raw.provider), scope),
            models: models(std::mem::take(&mut raw.models)),
            label_files,
            file_uses: Vec::new(),
        };
        (behaviour, labels)
    }

    /// What a service waits for because it uses something of another, where `depends_on` does not say it (compose-go
    /// `loader/normalize.go`).
    pub(super) fn implied(&self, behaviour: &Behaviour, raw: &Raw, written: &mut Vec<Dependency>) {
        for link in &behaviour.links {
            imply(written, &link.service, true, link.span);
        }
        for field in [&raw.network_mode, &raw.ipc, &raw.pid] {
            let Some(text) = field.get() else { continue };
            let Some(name) = text.value.strip_prefix("service:") else { continue };
            if let Some(name) = self.sibling(name, text.span) {
                imply(written, &name, true, text.span);
            }
        }
        for from in &behaviour.volumes_from {
            if let Sharer::Service(name) = &from.source {
                imply(written, name, false, from.span);
            }
        }
    }

    /// The name of a service of the same layer.
    fn sibling(&self, text: &str, span: Span) -> Option<ServiceName> {
        let name = ServiceName::new(text);
        if name.is_err() {
            let message = format!("{} is not the name of a service", quote(text));
            self.bad(span, message, "Name a service of this layer.");
        }
        name.ok()
    }

    fn links(&self, field: Field<List<String>>) -> Vec<Link> {
        let items = field.value.unwrap_or_default().0.into_iter();
        items
            .filter_map(|Spanned { value, span }| {
                let (name, alias) = value.split_once(':').unwrap_or((&value, &value));
                let service = self.sibling(name, span)?;
                if alias.is_empty() || alias.contains(':') {
                    self.bad(
                        span,
                        format!("{} is not a link", quote(&value)),
                        "Write `SERVICE` or `SERVICE:ALIAS`.",
                    );
                    return None;
                }
                Some(Link { service, alias: alias.to_owned(), span })
            })
            .collect()
    }

    fn external_links(&self, field: Field<List<String>>) -> Vec<Spanned<(String, String)>> {
        let items = field.value.unwrap_or_default().0.into_iter();
        items
            .filter_map(|Spanned { value, span }| {
                let (name, alias) = value.split_once(':').unwrap_or((&value, &value));
                if name.is_empty() || alias.is_empty() || alias.contains(':') {
                    let help = "Write the name of a container, or `NAME:ALIAS`.";
                    self.bad(span, format!("{} is not a link", quote(&value)), help);
                    return None;
                }
                Some(Spanned::new((name.to_owned(), alias.to_owned()), span))
            })
            .collect()
    }

    fn volumes_from(&self, field: Field<List<String>>) -> Vec<VolumesFrom> {
        let items = field.value.unwrap_or_default().0.into_iter();
        items
            .filter_map(|Spanned { value, span }| {
                let mut parts = value.split(':');
                let first = parts.next().unwrap_or_default();
                let source = if first == "container" {
                    Sharer::Container(
                        parts.next().filter(|name| !name.is_empty()).unwrap_or_default().to_owned(),
                    )
                } else {
                    Sharer::Service(self.sibling(first, span)?)
                };
                let read_only = match (parts.next(), parts.next()) {
                    (None, None) => Ok(None),
                    (Some("ro"), None) => Ok(Some(true)),
                    (Some("rw"), None) => Ok(Some(false)),
                    _ => Err(()),
                };
                match read_only {
                    Ok(read_only) if source != Sharer::Container(String::new()) => {
                        Some(VolumesFrom { source, read_only, span })
                    }
                    _ => {
                        let help = "Write `SERVICE`, `SERVICE:ro`, `container:NAME` or `container:NAME:ro`.";
                        self.bad(span, format!("{} names no volumes", quote(&value)), help);
                        None
                    }
                }
            })
            .collect()
    }

    /// `post_start` and `pre_stop`.
    fn hooks(&self, field: Field<List<RawHook>>, scope: &Scope) -> Vec<Hook> {
        let items = field.value.unwrap_or_default().0.into_iter();
        items.filter_map(|Spanned { value, span }| self.hook(value, span, scope)).collect()
    }

    fn hook(&self, raw: RawHook, span: Span, scope: &Scope) -> Option<Hook> {
        let written = raw.command.place;
        let command = self.command_line(raw.command).unwrap_or_default();
        if command.is_empty() {
            let place = written.unwrap_or(span);
            self.problems.error(Code::MissingKey, place, "the hook has no command", "Add `command`.");
            return None;
        }
        Some(Hook {
            command,
            image: None,
            user: raw.user.value,
            privileged: raw.privileged.value == ON,
            working_dir: raw.working_dir.value,
            environment: Self::hook_environment(raw.environment, scope),
            per_replica: false,
            span,
        })
    }

    fn init_hooks(&self, field: Field<List<InitHook>>, scope: &Scope) -> Vec<Hook> {
        let items = field.value.unwrap_or_default().0.into_iter();
        items
            .map(|Spanned { value: raw, span }| {
                if let Some(image) = raw.image.get() {
                    self.check_image(image.value, image.span);
                }
                Hook {
                    command: self.command_line(raw.command).unwrap_or_default(),
                    image: raw.image.value,
                    user: raw.user.value,
                    privileged: raw.privileged.value == ON,
                    working_dir: raw.working_dir.value,
                    environment: Self::hook_environment(raw.environment, scope),
                    per_replica: raw.per_replica.value == ON,
                    span,
                }
            })
            .collect()
    }

    fn hook_environment(field: Field<Pairs>, scope: &Scope) -> BTreeMap<String, Option<String>> {
        let pairs = pairs(field).into_iter();
        pairs
            .map(|(name, value, _)| {
                let value = value.or_else(|| scope.vars.get(&name).cloned());
                (name, value)
            })
            .collect()
    }

    fn develop(&self, field: Field<RawDevelop>, scope: &Scope) -> Option<Develop> {
        field.key?;
        let raw = field.value.unwrap_or_default();
        let items = raw.watch.value.unwrap_or_default().0.into_iter();
        let watch = items.filter_map(|item| self.watch(item.value, item.span, scope)).collect();
        Some(Develop { watch })
    }

    fn watch(&self, raw: RawWatch, span: Span, scope: &Scope) -> Option<Watch> {
        for (key, is_missing) in [("path", raw.path.place.is_none()), ("action", raw.action.place.is_none())]
        {
            if is_missing {
                let message = format!("`{key}` of what is watched is missing");
                self.problems.error(Code::MissingKey, span, message, format!("Add `{key}`."));
            }
        }
        let action = raw.action.get()?;
        let Some(known) = WatchAction::ALL.into_iter().find(|known| known.as_str() == action.value) else {
            let names = WatchAction::ALL.map(WatchAction::as_str);
            let message = format!("{} is not an action", quote(action.value));
            self.bad(action.span, message, instead(action.value, &names, "actions"));
            return None;
        };
        if raw.target.value.is_none() && !matches!(known, WatchAction::Rebuild | WatchAction::Restart) {
            let message = format!("`{}` has no target in the container", known.as_str());
            self.problems.error(
                Code::MissingKey,
                action.span,
                message,
                "Add `target`, a path in the container.",
            );
        }
        let path = raw.path.take()?;
        let exec = raw.exec.take().and_then(|exec| self.hook(*exec.value, exec.span, scope));
        Some(Watch {
            path: self.user_path(&path.value, path.span, scope)?,
            action: known,
            target: raw.target.value,
            ignore: raw.ignore.value.map(many).unwrap_or_default(),
            include: raw.include.value.map(many).unwrap_or_default(),
            exec,
            initial_sync: raw.initial_sync.value == ON,
        })
    }

    fn provider(&self, field: Field<RawProvider>, scope: &Scope) -> Option<Provider> {
        let place = field.key?;
        let raw = field.value?;
        let Some(kind) = raw.r#type.take() else {
            self.problems.error(
                Code::MissingKey,
                place,
                "`type` of the provider is missing",
                "Name its program.",
            );
            return None;
        };
        let (message, help) = if scope.path.is_root() {
            (
                "a `provider` is not supported yet: no program of this machine is run",
                "Start it beside the lab, and give what it tells in `environment`.",
            )
        } else {
            (
                "a `provider` runs on the user's machine, and cannot make a service of an inner layer",
                "Move it to the root layer, or take it away.",
            )
        };
        self.problems.error(Code::NotSupported, place, message, help);
        let options = raw.options.value.unwrap_or_default().0.into_iter().map(|(name, value)| {
            let values = match value.value {
                None => Vec::new(),
                Some(ProviderOption::One(one)) => vec![one.0],
                Some(ProviderOption::Many(list)) => list.0.into_iter().map(|item| item.value.0).collect(),
            };
            (name, values)
        });
        Some(Provider { kind, options: options.collect() })
    }

    /// Labels of files, a later file over an earlier one; variables in them are labels read before (compose-go
    /// `WithServicesLabelsResolved`).
    fn label_files(
        &self,
        field: Field<OneOrMany>,
        scope: &Scope,
    ) -> (Vec<std::path::PathBuf>, BTreeMap<String, String>) {
        let place = field.place.unwrap_or_default();
        let files: Vec<(String, Span)> = match field.value {
            None => Vec::new(),
            Some(OneOrMany::One(path)) => vec![(path, place)],
            Some(OneOrMany::Many(list)) => list.0.into_iter().map(|item| (item.value, item.span)).collect(),
        };
        let (mut paths, mut labels) = (Vec::new(), BTreeMap::new());
        let mut known = Vars::new();
        for (text, span) in files {
            let Some(path) = self.user_path(&text, span, scope) else { continue };
            let read = {
                let look_up = |name: &str| known.get(name).cloned();
                self.variables(&path, Some(span), &look_up, false).unwrap_or_default()
            };
            for (name, value) in read.list {
                let value = value.unwrap_or_default();
                known.insert(name.clone(), value.clone());
                labels.insert(name, value);
            }
            paths.push(path);
        }
        (paths, labels)
    }
}

fn models(field: Field<ModelUses>) -> BTreeMap<String, (Option<String>, Option<String>)> {
    match field.value {
        None => BTreeMap::new(),
        Some(ModelUses::Names(list)) => list.0.into_iter().map(|name| (name.value, (None, None))).collect(),
        Some(ModelUses::Options(dict)) => {
            let variables = |uses: ModelUse| (uses.endpoint_var.value, uses.model_var.value);
            let entries = dict.0.into_iter();
            entries
                .map(|(key, field)| (key, variables(field.value.map(|uses| uses.0).unwrap_or_default())))
                .collect()
        }
    }
}

fn imply(written: &mut Vec<Dependency>, service: &ServiceName, restart: bool, span: Span) {
    let Ok(pattern) = service.as_str().parse::<Pattern>() else { return };
    let target = Target::Relative(pattern);
    if !written.iter().any(|dependency| dependency.target == target) {
        written.push(Dependency { target, condition: Condition::Started, required: true, restart, span });
    }
}
