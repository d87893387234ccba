//! A layer: `name`, `services`, `networks`, `volumes`, `configs`, `secrets`, `images`.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::name::{ProjectName, ServiceName};
use crate::model::span::Spanned;
use crate::model::topology::{Layer, NetworkDef, VolumeDef};
use crate::spec::reader::{Inactive, Reader, Scope};
use crate::spec::tree::Node;

use super::content::Content;

/// Services of all layers together: beyond this a lab is a mistake (files that include many files).
const MAX_SERVICES: usize = 10_000;

const KEYS: &[&str] = &["name", "services", "networks", "volumes", "configs", "secrets", "images", "version"];
const NOT_YET: &[&str] = &["include", "extends", "models", "kubernetes"];

/// What services of a layer may name.
#[derive(Debug, Default)]
pub(in crate::spec) struct Definitions {
    /// Networks by key.
    pub(in crate::spec) networks: BTreeMap<String, NetworkDef>,
    /// Volumes by key.
    pub(in crate::spec) volumes: BTreeMap<String, VolumeDef>,
    /// Configs by key; `None` for one whose definition was reported.
    pub(in crate::spec) configs: BTreeMap<String, Option<Content>>,
    /// Secrets by key; `None` for one whose definition was reported.
    pub(in crate::spec) secrets: BTreeMap<String, Option<Content>>,
}

impl Reader<'_> {
    /// Reads a layer.
    pub(in crate::spec) fn layer(&mut self, node: &Node, scope: &Scope) -> Layer {
        let mut layer = Layer { span: node.span, ..Layer::default() };
        let Some(entries) = self.entries(node, "a layer") else { return layer };
        let mut defs = Definitions::default();
        let mut services = None;
        for (key, value) in entries {
            match key.text.as_str() {
                "name" => layer.name = self.project_name(value),
                "services" => services = Some(value),
                "networks" => defs.networks = self.network_defs(value),
                "volumes" => defs.volumes = self.volume_defs(value),
                "configs" => defs.configs = self.contents(value, "configs", scope),
                "secrets" => defs.secrets = self.contents(value, "secrets", scope),
                "images" => layer.images = self.images(value),
                "version" => {
                    self.warn(Code::Deprecated, key.span, "`version` has no meaning any more", "remove it");
                }
                text if text.starts_with("x-") => {}
                text if NOT_YET.contains(&text) => self.not_supported(key),
                _ => self.unknown_key(key, "a layer", KEYS),
            }
        }
        if let Some(node) = services {
            self.services(node, scope, &mut defs, &mut layer);
        } else if scope.path.is_root() {
            let problem = Diagnostic::error(Code::MissingKey, "the lab has no `services`").at(node.span, "");
            self.diagnostics
                .push(problem.help("a lab file is a Compose file: `services:` and at least one service"));
        }
        layer.networks = defs.networks;
        layer.volumes = defs.volumes;
        layer
    }

    fn services(&mut self, node: &Node, scope: &Scope, defs: &mut Definitions, layer: &mut Layer) {
        let Some(entries) = self.entries(node, "services") else { return };
        for (key, value) in entries {
            if key.text.starts_with("x-") {
                continue;
            }
            let name = match ServiceName::new(&key.text) {
                Ok(name) => name,
                Err(bad) => {
                    self.error(Code::BadName, key.span, bad.to_string(), "");
                    continue;
                }
            };
            self.services += 1;
            if self.services > MAX_SERVICES {
                if self.services == MAX_SERVICES + 1 {
                    let message = format!("the lab has more than {MAX_SERVICES} services in all layers");
                    self.error(Code::TooLarge, key.span, message, "");
                }
                return;
            }
            let active = self.profiles(value, scope, &name);
            let Some(service) = self.service(&name, key.span, value, scope, defs) else { continue };
            match active {
                Ok(()) => {
                    let uses_default = service.spec.networks.contains_key("default");
                    if uses_default && !defs.networks.contains_key("default") {
                        let def = NetworkDef { span: layer.span, ..NetworkDef::default() };
                        defs.networks.insert("default".to_owned(), def);
                    }
                    layer.services.insert(name, service);
                }
                Err(profiles) => self.inactive.push(Inactive { layer: scope.path.clone(), name, profiles }),
            }
        }
    }

    /// Whether a service's profiles let it in; else its profiles.
    fn profiles(&mut self, node: &Node, scope: &Scope, name: &ServiceName) -> Result<(), Vec<String>> {
        let Some(list) = node.get("profiles") else { return Ok(()) };
        let profiles = self.strings(list, "profiles");
        let named = scope.path.is_root() && self.entry.enabled.iter().any(|enabled| enabled == name.as_str());
        let active = |profile: &String| profile == "*" || profiles.contains(profile);
        if profiles.is_empty() || named || self.entry.profiles.iter().any(active) {
            Ok(())
        } else {
            Err(profiles)
        }
    }

    fn project_name(&mut self, node: &Node) -> Option<Spanned<ProjectName>> {
        let text = self.string(node, "name")?;
        match ProjectName::new(&text) {
            Ok(name) => Some(Spanned::new(name, node.span)),
            Err(bad) => {
                let help = ProjectName::normalize(&text).map(|name| format!("`{name}` is one"));
                self.error(Code::BadName, node.span, bad.to_string(), help.as_deref().unwrap_or(""));
                None
            }
        }
    }

    fn images(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let Some(items) = self.list(node, "images") else { return Vec::new() };
        let mut out = Vec::new();
        for item in items {
            if let Some(image) = self.name(item, "images") {
                out.push(Spanned::new(image, item.span));
            }
        }
        out
    }

    /// Reports a key of the Compose specification that nestctl does not honour yet.
    pub(in crate::spec) fn not_supported(&mut self, key: &crate::spec::tree::Key) {
        let message = format!("`{}` is not supported yet", key.text);
        self.error(
            Code::NotSupported,
            key.span,
            message,
            "remove it, or put it under a key that begins with `x-`",
        );
    }
}
