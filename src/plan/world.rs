//! A lab laid over engines: which engine serves a layer, what objects are called on it.
//!
//! Everything here follows from the file alone; what was observed is not asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::kind::kind::{Hosting, Kind};
use crate::kind::kinds;
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{BindPath, MountSource, PortBinding, Protocol};
use crate::model::name::ProjectName;
use crate::model::quick_hash::QuickHash;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::model::topology::Topology;

/// What a node carries for the services inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// Ports published from inside, each with the place that asks for it and the service that publishes it.
    pub(super) ports: Vec<(PortBinding, Span, Addr)>,
    /// What inside binds a path of the lab's directory; the first of them, where there are several.
    pub(super) lab: Option<Addr>,
    /// Paths outside the lab's directory that something inside binds, and the first of those that do.
    pub(super) outside: BTreeMap<PathBuf, Addr>,
}

#[derive(Debug, Default)]
struct Keys<'a> {
    networks: HashMap<String, &'a str, QuickHash>,
    volumes: HashMap<String, &'a str, QuickHash>,
}

/// The lab over its engines.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) topology: &'a Topology,
    /// Every instance, outermost first, in the order of addresses.
    pub(super) instances: Vec<(Addr, &'a Service)>,
    homes: HashMap<LayerPath, LayerPath, QuickHash>,
    projects: HashMap<LayerPath, ProjectName, QuickHash>,
    /// Keys of the networks and of the volumes of a layer, by their names on the engine.
    keys: HashMap<LayerPath, Keys<'a>, QuickHash>,
    carried: BTreeMap<Addr, Carried>,
    /// Bindings on the engine of a service that publishes from inside.
    origins: BTreeMap<Addr, Vec<(PortBinding, Span)>>,
}

/// The kind of a service, if it is a node of a kind that exists.
pub(super) fn kind_of(service: &Service) -> Option<&'static Kind> {
    kinds::find(&service.node.as_ref()?.kind.value)
}

impl<'a> World<'a> {
    pub(super) fn new(topology: &'a Topology) -> Self {
        let mut world = Self {
            topology,
            instances: Vec::new(),
            homes: HashMap::from_iter([(LayerPath::root(), LayerPath::root())]),
            projects: HashMap::from_iter([(LayerPath::root(), topology.project.clone())]),
            keys: HashMap::default(),
            carried: BTreeMap::new(),
            origins: BTreeMap::new(),
        };
        let instances = topology.instances();
        for (addr, service) in &instances {
            if service.node.is_some() {
                let shares = kind_of(service).is_some_and(|kind| kind.hosting == Hosting::Parents);
                let home = if shares { world.home(&addr.layer()) } else { addr.inner() };
                world.homes.insert(addr.inner(), home);
                world.projects.insert(addr.inner(), topology.project_of(&addr.inner()));
            }
        }
        let nodes = instances.iter().filter(|(_, service)| service.node.is_some());
        let layers = nodes.map(|(addr, _)| addr.inner()).chain([LayerPath::root()]);
        layers.for_each(|layer| world.index(layer));
        world.carry(&instances);
        world.instances = instances;
        world
    }

    /// Of several of one name the first counts; that they clash is told by `claims`.
    fn index(&mut self, path: LayerPath) {
        let Some(layer) = self.topology.layer(&path) else { return };
        let mut keys = Keys::default();
        for key in layer.networks.keys().rev() {
            keys.networks.insert(self.network_name(&path, key), key);
        }
        for key in layer.volumes.keys().rev() {
            keys.volumes.insert(self.volume_name(&path, key), key);
        }
        self.keys.insert(path, keys);
    }

    /// The key of the network of `layer` that is called `name` on the engine.
    pub(super) fn network_key(&self, layer: &LayerPath, name: &str) -> Option<&'a str> {
        self.keys.get(layer)?.networks.get(name).copied()
    }

    /// The key of the volume of `layer` that is called `name` on the engine.
    pub(super) fn volume_key(&self, layer: &LayerPath, name: &str) -> Option<&'a str> {
        self.keys.get(layer)?.volumes.get(name).copied()
    }

    /// The layer that owns the engine of `layer`.
    pub(super) fn home(&self, layer: &LayerPath) -> LayerPath {
        self.homes.get(layer).cloned().unwrap_or_else(|| layer.clone())
    }

    /// The nodes between the engine of `layer` and the root engine, innermost first.
    pub(super) fn chain(&self, layer: &LayerPath) -> Vec<Addr> {
        let mut out = Vec::new();
        let mut at = self.home(layer);
        while let Some(node) = at.node() {
            at = self.home(&node.layer());
            out.push(node);
        }
        out
    }

    /// The engines that a port of a service in `layer` passes on its way to the root, its own first.
    fn hops(&self, layer: &LayerPath) -> Vec<LayerPath> {
        let mut hops = vec![self.home(layer)];
        hops.extend(self.chain(layer).iter().map(|node| self.home(&node.layer())));
        hops
    }

    /// Whether the engine of `layer` is one that the lab does not make (`tcp`), or lies in one.
    pub(super) fn is_elsewhere(&self, layer: &LayerPath) -> bool {
        self.chain(layer).iter().any(|node| {
            self.topology
                .service(node)
                .and_then(kind_of)
                .is_some_and(|kind| kind.hosting == Hosting::Elsewhere)
        })
    }

    /// Compose project name of a layer.
    pub(super) fn project(&self, layer: &LayerPath) -> &ProjectName {
        self.projects.get(layer).unwrap_or(&self.topology.project)
    }

    /// Name of the container of an instance on its engine.
    pub(super) fn container_name(&self, addr: &Addr, service: &Service) -> String {
        // Replicas of a node around it have engines of their own; below a shared engine the name clashes
        // and is reported as a clash.
        if let Some(name) = &service.container_name {
            return name.value.clone();
        }
        let number = addr.number().to_string();
        let parts = [self.project(&addr.layer()).as_str(), addr.service().as_str(), &number];
        self.topology.separator.joined(&parts)
    }

    /// Name of the image of a service of `layer`: its own, else of a built one `<project>-<service>` as in Compose;
    /// empty where a kind has to name it.
    pub(super) fn image_name(&self, layer: &LayerPath, service: &Service) -> String {
        if service.spec.image.is_empty() && service.build.is_some() {
            return self.topology.separator.joined(&[self.project(layer).as_str(), service.name.as_str()]);
        }
        service.spec.image.clone()
    }

    /// The platform of the containers of a service of `layer`: its own, else the layer's default.
    pub(super) fn platform(&self, layer: &LayerPath, service: &'a Service) -> Option<&'a str> {
        let own = service.spec.platform.as_deref().filter(|platform| !platform.is_empty());
        own.or_else(|| self.default_platform(layer))
    }

    /// The platform of what names none in `layer`.
    pub(super) fn default_platform(&self, layer: &LayerPath) -> Option<&'a str> {
        self.topology.layer(layer)?.default_platform.as_deref()
    }

    /// Name of a network on the engine.
    pub(super) fn network_name(&self, layer: &LayerPath, key: &str) -> String {
        let def = self.topology.layer(layer).and_then(|layer| layer.networks.get(key));
        match def {
            Some(def) if def.name.is_some() => def.name.clone().unwrap_or_default(),
            Some(def) if def.external => key.to_owned(),
            _ => [self.project(layer).as_str(), "_", key].concat(),
        }
    }

    /// Name of a volume on the engine.
    pub(super) fn volume_name(&self, layer: &LayerPath, key: &str) -> String {
        let def = self.topology.layer(layer).and_then(|layer| layer.volumes.get(key));
        match def {
            Some(def) if def.name.is_some() => def.name.clone().unwrap_or_default(),
            Some(def) if def.external => key.to_owned(),
            _ => [self.project(layer).as_str(), "_", key].concat(),
        }
    }

    /// Kinds of the nodes around a layer, outermost first.
    pub(super) fn outer_kinds(&self, layer: &LayerPath) -> Vec<&'static str> {
        let mut out: Vec<&'static str> = layer
            .ancestors()
            .filter_map(|layer| kind_of(self.topology.service(&layer.node()?)?))
            .map(|kind| kind.name)
            .collect();
        out.reverse();
        out
    }

    /// What the node at `addr` carries for the services inside it.
    pub(super) fn carried(&self, addr: &Addr) -> Option<&Carried> {
        self.carried.get(addr)
    }

    /// Bindings that `publish` of this very service asks for on its own engine.
    pub(super) fn origin_ports(&self, addr: &Addr) -> &[(PortBinding, Span)] {
        self.origins.get(addr).map_or(&[], Vec::as_slice)
    }

    /// Whether a path of the user's machine lies in the lab's directory.
    pub(super) fn is_in_lab(&self, path: &Path) -> bool {
        path.starts_with(&self.topology.directory)
    }

    fn carry(&mut self, instances: &[(Addr, &'a Service)]) {
        // Fixed numbers first, so that numbers chosen for a hop never take one that the file names.
        let mut used: HashMap<(LayerPath, Protocol), BTreeSet<u16>> = HashMap::new();
        for (addr, service) in instances {
            if service.spec.ports.is_empty() && service.publish.is_empty() {
                continue;
            }
            let hops = self.hops(&addr.layer());
            for port in &service.spec.ports {
                if let Some((first, last)) = port.host {
                    used.entry((hops[0].clone(), port.protocol)).or_default().extend(first..=last);
                }
            }
            for port in service.publish.iter().map(|publish| &publish.value) {
                if let Some(number) = port.host.filter(|(first, last)| first == last).map(|(first, _)| first)
                {
                    for home in &hops {
                        used.entry((home.clone(), port.protocol)).or_default().insert(number);
                    }
                }
            }
        }
        for (addr, service) in instances {
            let chain = self.chain(&addr.layer());
            for publish in &service.publish {
                self.carry_port(addr, &chain, &publish.value, publish.span, &mut used);
            }
            if chain.is_empty() || self.is_elsewhere(&addr.layer()) {
                continue;
            }
            for path in user_paths(service) {
                let lab = self.is_in_lab(path);
                for node in &chain {
                    let carried = self.carried.entry(node.clone()).or_default();
                    if lab {
                        carried.lab.get_or_insert_with(|| addr.clone());
                    } else {
                        carried.outside.entry(path.clone()).or_insert_with(|| addr.clone());
                    }
                }
            }
        }
    }

    /// Lays one published port from its service to the root: on each engine below the root it has one number,
    /// the one that the file gives, else the first free from the container's port up.
    fn carry_port(
        &mut self,
        addr: &Addr,
        chain: &[Addr],
        port: &PortBinding,
        span: Span,
        used: &mut HashMap<(LayerPath, Protocol), BTreeSet<u16>>,
    ) {
        let mut inner = port.container;
        for (hop, home) in self.hops(&addr.layer()).into_iter().enumerate() {
            let binding = if home.is_root() {
                PortBinding { container: inner, ..port.clone() }
            } else {
                let fixed = port.host.filter(|(first, last)| first == last).map(|(first, _)| first);
                let taken = used.entry((home, port.protocol)).or_default();
                let number = fixed.unwrap_or_else(|| {
                    let from = port.host.map_or(inner, |(first, _)| first);
                    (from..=u16::MAX).find(|n| !taken.contains(n)).unwrap_or(from)
                });
                taken.insert(number);
                PortBinding {
                    host_ip: None,
                    host: Some((number, number)),
                    container: inner,
                    protocol: port.protocol,
                }
            };
            let next = binding.host.map_or(inner, |(first, _)| first);
            if hop == 0 {
                self.origins.entry(addr.clone()).or_default().push((binding, span));
            } else {
                let carried = self.carried.entry(chain[hop - 1].clone()).or_default();
                carried.ports.push((binding, span, addr.clone()));
            }
            inner = next;
        }
    }
}

/// Paths of the user's machine that a service binds.
pub(super) fn user_paths(service: &Service) -> impl Iterator<Item = &PathBuf> {
    service.spec.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Bind { path: BindPath::User(path), .. } => Some(path),
        _ => None,
    })
}
