//! A layer.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::diag::code::Code;
use crate::model::addr::Pattern;
use crate::model::behaviour::{FileRole, ModelDef};
use crate::model::container::{BindPath, MountSource};
use crate::model::name::{ProjectName, ServiceName};
use crate::model::service::Service;
use crate::model::span::{Span, Spanned};
use crate::model::topology::{Layer, NetworkDef};
use crate::spec::raw::delegate::Model as RawModel;
use crate::spec::raw::layer::Layer as Raw;
use crate::spec::raw::service::Service as RawService;
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::reader::read;
use crate::spec::read::words::quote;
use crate::spec::tree::node::{Node, Pair, Value};

use super::lowering::{Lowering, SERVICE_LIMIT};
use super::scope::Scope;
use super::service::Shelf;
use super::stored_file::definitions;
use super::value::texts;

/// The network of services that name none.
const DEFAULT_NETWORK: &str = "default";

impl Lowering<'_> {
    /// Lowers a layer from its mapping in the tree.
    pub(super) fn layer(&self, node: &Node, scope: &Scope) -> Layer {
        let (layer, shelf) = self.frame(node, scope);
        let services = node.get("services").map(Node::pairs).unwrap_or_default();
        self.filled(layer, services.iter().map(Cow::Borrowed), shelf, scope)
    }

    /// As [`Self::layer`], and each service's part of the tree goes when it was lowered: both at once are much memory
    /// in a large lab.
    pub(super) fn layer_of(&self, mut node: Node, scope: &Scope) -> Layer {
        let (layer, shelf) = self.frame(&node, scope);
        let services = match node.get_mut("services").map(|services| &mut services.value) {
            Some(Value::Mapping(services)) => std::mem::take(services),
            _ => Vec::new(),
        };
        self.filled(layer, services.into_iter().map(Cow::Owned), shelf, scope)
    }

    /// All of a layer but its services, and what it gives to them.
    fn frame(&self, node: &Node, scope: &Scope) -> (Layer, Shelf) {
        self.keep(node, scope);
        let raw: Raw = read(node, None, self.problems).unwrap_or_default();
        self.refuse_not_yet([("extends", &raw.extends), ("kubernetes", &raw.kubernetes)]);
        let name = self.project_name(raw.name);
        let networks = self.networks(raw.networks);
        let (volumes, bound) = self.volumes(raw.volumes, scope);
        let shelf = Shelf {
            configs: self.stored_files(FileRole::Config, raw.configs, scope),
            secrets: self.stored_files(FileRole::Secret, raw.secrets, scope),
            bound,
        };
        let mut images = Vec::new();
        for image in raw.images.value.unwrap_or_default().0 {
            self.check_image(&image.value, image.span);
            images.push(image);
        }
        let layer = Layer {
            name,
            span: node.head,
            networks,
            volumes,
            models: self.models(raw.models),
            images,
            default_platform: scope.default_platform().cloned(),
            ..Layer::default()
        };
        (layer, shelf)
    }

    /// A layer with its services.
    fn filled<'t>(
        &self,
        mut layer: Layer,
        services: impl Iterator<Item = Cow<'t, Pair>>,
        shelf: Shelf,
        scope: &Scope,
    ) -> Layer {
        layer.services = self.services(services, &shelf, scope);
        bind_volumes(&mut layer, &shelf.bound);
        let notes = self.notes.borrow();
        let inactive = notes.inactive.keys().filter(|(path, _)| *path == scope.path);
        layer.inactive = inactive.map(|(_, name)| name.clone()).collect();
        if layer.services.values().any(|service| service.spec.networks.contains_key(DEFAULT_NETWORK)) {
            let span = layer.span;
            layer
                .networks
                .entry(DEFAULT_NETWORK.to_owned())
                .or_insert_with(|| NetworkDef { span, ..NetworkDef::default() });
        }
        layer.configs = definitions(shelf.configs);
        layer.secrets = definitions(shelf.secrets);
        layer
    }

    /// `models` of a layer.
    fn models(&self, field: Field<Dict<RawModel>>) -> BTreeMap<String, ModelDef> {
        let mut out = BTreeMap::new();
        for (key, field) in field.value.unwrap_or_default().0 {
            let span = field.key.unwrap_or_default();
            let raw = field.value.unwrap_or_default();
            let Some(model) = raw.model.value else {
                if raw.model.place.is_none() {
                    let message = format!("the model `{key}` names no model");
                    self.problems.error(Code::MissingKey, span, message, "Add `model`.");
                }
                continue;
            };
            let def = ModelDef {
                name: raw.name.value,
                model,
                context_size: raw.context_size.value.map(|size| size.0),
                runtime_flags: raw.runtime_flags.value.map(texts).unwrap_or_default(),
                span,
            };
            out.insert(key, def);
        }
        out
    }

    /// A file that holds nothing was hardly meant.
    pub(super) fn check_not_empty(&self, tree: &Node) {
        if tree.is_null() {
            self.problems.error(Code::MissingKey, tree.head, "the file is empty", "Begin with `services:`.");
        } else if matches!(tree.value, Value::Mapping(_))
            && !["services", "include", "images", "kubernetes"].iter().any(|key| tree.get(key).is_some())
        {
            self.problems.error(
                Code::MissingKey,
                tree.head,
                "`services` is missing",
                "Add `services:` with the containers of the layer.",
            );
        }
    }

    fn project_name(&self, field: Field<String>) -> Option<Spanned<ProjectName>> {
        let Spanned { value, span } = field.take()?;
        match ProjectName::new(&value) {
            Ok(name) => Some(Spanned::new(name, span)),
            Err(bad) => {
                let help = ProjectName::normalize(&value).map_or_else(
                    || format!("Choose another name: {}.", bad.rule),
                    |name| format!("Write `{name}`: {}.", bad.rule),
                );
                self.problems.error(
                    Code::BadName,
                    span,
                    format!("{} is not a project name", quote(&value)),
                    help,
                );
                None
            }
        }
    }

    fn services<'t>(
        &self,
        pairs: impl Iterator<Item = Cow<'t, Pair>>,
        shelf: &Shelf,
        scope: &Scope,
    ) -> BTreeMap<ServiceName, Box<Service>> {
        let mut out = BTreeMap::new();
        let pairs: Vec<_> = pairs.collect();
        let asked_for = self.profiles_asked_for(&pairs, scope);
        for pair in pairs {
            if !self.count_service(pair.key.span) {
                break;
            }
            let name = match ServiceName::new(&pair.key.value) {
                Ok(name) => name,
                Err(bad) => {
                    let message = format!("{} is not a service name", quote(&pair.key.value));
                    self.problems.error(
                        Code::BadName,
                        pair.key.span,
                        message,
                        format!("Choose another name: {}.", bad.rule),
                    );
                    continue;
                }
            };
            // Boxed: a hundred keys with their places are too much for the stack of a deep lab.
            let Some(raw) = read::<Box<RawService>>(&pair.value, Some(&pair.key.value), self.problems) else {
                continue;
            };
            let profiles = self.profiles(&raw);
            if !self.is_active(&profiles, &asked_for) && !self.is_asked_for(&name, scope) {
                self.notes.borrow_mut().inactive.insert((scope.path.clone(), name), profiles);
                continue;
            }
            let service = self.service(name.clone(), pair.key.span, raw, &pair.value, shelf, scope);
            out.insert(name, service);
        }
        out
    }

    fn count_service(&self, span: Span) -> bool {
        let mut count = self.services.borrow_mut();
        *count += 1;
        if *count > SERVICE_LIMIT {
            let message = format!("the lab has more than {SERVICE_LIMIT} services");
            let help = "Check for files that name each other's files several times at each level.";
            self.problems.error(Code::TooLarge, span, message, help);
        }
        *count <= SERVICE_LIMIT
    }

    fn profiles(&self, raw: &RawService) -> Vec<String> {
        let Some(list) = &raw.profiles.value else { return Vec::new() };
        for profile in &list.0 {
            self.check_name("the name of a profile", &profile.value, profile.span);
        }
        list.0.iter().map(|profile| profile.value.clone()).collect()
    }

    fn is_active(&self, profiles: &[String], asked_for: &BTreeSet<String>) -> bool {
        profiles.is_empty()
            || profiles.iter().any(|it| self.entry.profiles.contains(it) || asked_for.contains(it))
            || self.entry.profiles.iter().any(|profile| profile == "*")
    }

    /// Whether the user has named a service of this layer, or something inside it.
    fn is_asked_for(&self, name: &ServiceName, scope: &Scope) -> bool {
        let way = || scope.path.parts().iter().map(|part| &part.service).chain([name]);
        let leads_by =
            |it: &Pattern| it.parts().len() >= way().count() && way().eq(it.services().take(way().count()));
        self.entry.enabled.iter().any(leads_by)
    }

    /// The profiles of the services of a layer that the user has named: they are active in it, so that what these
    /// services need by the same profile is there too (compose-go `types/project.go`, `WithServicesEnabled`).
    fn profiles_asked_for(&self, pairs: &[Cow<'_, Pair>], scope: &Scope) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        if self.entry.enabled.is_empty() {
            return out;
        }
        for pair in pairs {
            let is_asked_for =
                ServiceName::new(&pair.key.value).is_ok_and(|it| self.is_asked_for(&it, scope));
            let Some(list) = pair.value.get("profiles").filter(|_| is_asked_for) else { continue };
            let Value::List(items) = &list.value else { continue };
            out.extend(items.iter().filter_map(|item| match &item.value {
                Value::Scalar(scalar) => Some(scalar.text.to_string()),
                Value::List(_) | Value::Mapping(_) => None,
            }));
        }
        out
    }
}

/// Inside a node a volume that is a directory of the user's machine is bound as the directory that it is: only a bind goes there.
fn bind_volumes(layer: &mut Layer, bound: &BTreeMap<String, PathBuf>) {
    if bound.is_empty() {
        return;
    }
    let mut used = BTreeSet::new();
    for mount in layer.services.values_mut().flat_map(|service| &mut service.spec.mounts) {
        let MountSource::Volume { name: Some(name), subpath, .. } = &mount.source else { continue };
        let Some(path) = bound.get(name) else { continue };
        let path = subpath.as_ref().map_or_else(|| path.clone(), |below| path.join(below));
        used.insert(name.clone());
        mount.source = MountSource::bind(BindPath::User(path), false);
    }
    layer.volumes.retain(|name, _| !used.contains(name));
}
