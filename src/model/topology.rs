//! A lab: layers of services, to any depth, with every name resolved that the file can resolve.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::addr::{Addr, LayerPath};
use super::behaviour::{FileDef, ModelDef};
use super::name::{ProjectName, ServiceName};
use super::network::{NetworkSpec, VolumeSpec};
use super::service::Service;
use super::span::{Span, Spanned};

/// A whole lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The root layer's project name.
    pub project: ProjectName,
    /// The directory of the lab file, absolute: binds within it go with the lab.
    pub directory: PathBuf,
    /// The root layer.
    pub root: Layer,
    /// What stands between the parts of names.
    pub separator: Separator,
    /// Networks and volumes that no service uses are made too.
    pub all_resources: bool,
}

/// What stands between the parts of the names of containers and of images that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Separator {
    /// `lab-web-1`.
    #[default]
    Hyphen,
    /// `lab_web_1`, as in the first Compose (`--compatibility`).
    Underscore,
}

impl Separator {
    /// The parts as one name.
    pub fn joined(self, parts: &[&str]) -> String {
        parts.join(match self {
            Self::Hyphen => "-",
            Self::Underscore => "_",
        })
    }
}

/// One Compose project: what runs on one engine.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// `name:`, if the file gives one.
    pub name: Option<Spanned<ProjectName>>,
    /// Where the layer begins.
    pub span: Span,
    /// Services by name. Those of inactive profiles are left out. Boxed: a service is large, and a map's nodes have room
    /// for eleven each.
    pub services: BTreeMap<ServiceName, Box<Service>>,
    /// The services of inactive profiles.
    pub inactive: BTreeSet<ServiceName>,
    /// Networks by key, with `default` where a service uses it.
    pub networks: BTreeMap<String, NetworkDef>,
    /// Volumes by key.
    pub volumes: BTreeMap<String, VolumeDef>,
    /// Configs by key.
    pub configs: BTreeMap<String, FileDef>,
    /// Secrets by key.
    pub secrets: BTreeMap<String, FileDef>,
    /// Language models by key.
    pub models: BTreeMap<String, ModelDef>,
    /// Images to have on the engine before anything starts.
    pub images: Vec<Spanned<String>>,
    /// The platform of what names none (`DOCKER_DEFAULT_PLATFORM`).
    pub default_platform: Option<String>,
}

/// A network of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NetworkDef {
    /// Name on the engine in place of `<project>_<key>`.
    pub name: Option<String>,
    /// Made by somebody else.
    pub external: bool,
    /// What is asked for.
    pub spec: NetworkSpec,
    /// Where it is written.
    pub span: Span,
}

/// A volume of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VolumeDef {
    /// Name on the engine in place of `<project>_<key>`.
    pub name: Option<String>,
    /// Made by somebody else.
    pub external: bool,
    /// What is asked for.
    pub spec: VolumeSpec,
    /// Where it is written.
    pub span: Span,
}

impl Topology {
    /// The layer at `path`, whatever the replica numbers; `None` if the file has none there.
    pub fn layer(&self, path: &LayerPath) -> Option<&Layer> {
        let mut layer = &self.root;
        for part in path.parts() {
            layer = &layer.services.get(&part.service)?.node.as_ref()?.inner;
        }
        Some(layer)
    }

    /// The service at `addr`, whatever the replica numbers.
    pub fn service(&self, addr: &Addr) -> Option<&Service> {
        self.layer(&addr.layer())?.services.get(addr.service()).map(|service| &**service)
    }

    /// Whether `addr` is an instance of the lab: there is such a service, and as many replicas at each level.
    pub fn has(&self, addr: &Addr) -> bool {
        self.service(addr).is_some_and(|service| addr.number() <= service.scale)
            && addr.layer().node().is_none_or(|node| self.has(&node))
    }

    /// Whether `addr` is, or is inside, a service of an inactive profile: what is there of it is left as it is.
    pub fn is_inactive(&self, addr: &Addr) -> bool {
        let layer = addr.layer();
        self.layer(&layer).is_some_and(|layer| layer.inactive.contains(addr.service()))
            || layer.node().is_some_and(|node| self.is_inactive(&node))
    }

    /// The Compose project name of the layer at `path`: its own, or its parent's with the node's.
    pub fn project_of(&self, path: &LayerPath) -> ProjectName {
        let Some(node) = path.node() else { return self.project.clone() };
        match self.layer(path).and_then(|layer| layer.name.as_ref()) {
            Some(name) if node.number() == 1 => name.value.clone(),
            Some(name) => name.value.below(node.service(), node.number()),
            None => self.project_of(&node.layer()).below(node.service(), node.number()),
        }
    }

    /// Every layer, of every replica of its nodes, outermost first.
    pub fn layers(&self) -> Vec<(LayerPath, &Layer)> {
        self.layers_with(|node| node.scale)
    }

    /// Every layer that the file has, also below nodes of no replicas, as that of the first replica, outermost first.
    pub fn written_layers(&self) -> Vec<(LayerPath, &Layer)> {
        self.layers_with(|_| 1)
    }

    fn layers_with(&self, replicas: impl Fn(&Service) -> u32) -> Vec<(LayerPath, &Layer)> {
        let mut out = vec![(LayerPath::root(), &self.root)];
        let mut next = 0;
        while let Some((path, layer)) = out.get(next).cloned() {
            for service in layer.services.values() {
                if let Some(node) = &service.node {
                    let numbers = 1..=replicas(service);
                    out.extend(numbers.map(|number| (path.join(&service.name, number).inner(), &node.inner)));
                }
            }
            next += 1;
        }
        out
    }

    /// Every instance of every service, outermost first, in the order of addresses.
    pub fn instances(&self) -> Vec<(Addr, &Service)> {
        let mut out = Vec::new();
        let mut layers = vec![(LayerPath::root(), &self.root)];
        while let Some((path, layer)) = layers.pop() {
            for service in layer.services.values() {
                for number in 1..=service.scale {
                    let addr = path.join(&service.name, number);
                    if let Some(node) = &service.node {
                        layers.push((addr.inner(), &node.inner));
                    }
                    out.push((addr, &**service));
                }
            }
        }
        out.sort_by(|a, b| (a.0.parts().len(), &a.0).cmp(&(b.0.parts().len(), &b.0)));
        out
    }
}
