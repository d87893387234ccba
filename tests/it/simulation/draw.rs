//! Random labs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nestctl::graph::lab_graph::LabGraph;
use nestctl::model::addr::{Addr, LayerPath};
use nestctl::model::behaviour::{Behaviour, Hook, Sharer, VolumesFrom};
use nestctl::model::container::{
    ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, NetworkMode, PortBinding, RestartPolicy,
};
use nestctl::model::key_places::KeyPlaces;
use nestctl::model::name::{ProjectName, ServiceName};
use nestctl::model::observed::Observed;
use nestctl::model::service::{
    Condition, DataRoot, Dependency, EngineOptions, NodeDef, PullPolicy, Service, Target,
};
use nestctl::model::span::{Span, Spanned};
use nestctl::model::topology::{Layer, NetworkDef, Separator, Topology, VolumeDef};
use nestctl::plan::goal::{Goal, Lab, Orphans, Up, Wait, Way};
use nestctl::plan::known::{Answered, Known, Layer as KnownLayer};
use nestctl::plan::step::StepId;

use crate::support::dice::Dice;

/// Images of servers. The health check of `db:1` takes a while.
pub(super) const SERVERS: [&str; 2] = ["web:1", "db:1"];
/// Ends with 0 as soon as it has started.
pub(super) const JOB: &str = "job:1";
/// As [`JOB`], for hooks.
pub(super) const HOOK: &str = "hook:1";
/// Images of nodes.
pub(super) const NODES: [&str; 2] = ["node:1", "node:2"];
/// Ports of machines that services ask for: few, so that they come to ask for the same ones.
const PORTS: [u16; 4] = [8000, 8001, 8002, 8003];
/// Nodes in nodes.
const DEPTH: u64 = 4;
/// Containers of one lab, about.
const MOST: u64 = 14;
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// Networks of one lab on one engine. An engine has about thirty for all, and those of the lab before an edit are there
/// until an `up` is through.
const MOST_NETWORKS: usize = 14;

/// Draws one lab.
struct Draw<'a> {
    dice: &'a mut Dice,
    /// Containers drawn so far.
    drawn: u64,
}

pub(super) fn name(name: &str) -> ServiceName {
    ServiceName::new(name).expect("valid")
}

pub(super) fn project() -> ProjectName {
    ProjectName::new("lab").expect("valid")
}

/// A lab without circles: what would close one is thrown away.
pub(super) fn topology(dice: &mut Dice) -> Topology {
    let mut drawn = || {
        let root = Draw { dice, drawn: 0 }.layer(0);
        Topology {
            project: project(),
            directory: PathBuf::from("/lab"),
            root,
            separator: Separator::Hyphen,
            all_resources: false,
        }
    };
    let mut lab = drawn();
    while !has_room(&lab) {
        lab = drawn();
    }
    for _ in 0..dice.below(2 + lab.instances().len() as u64) {
        let mut changed = lab.clone();
        if dice.one_in(4) {
            add_port(dice, &mut changed);
        } else {
            add_dependency(dice, &mut changed);
        }
        if is_right(&changed) {
            lab = changed;
        }
    }
    lab
}

/// Whether a lab can be brought up: no circle in it, no port claimed twice, and addresses for all its networks.
pub(super) fn is_right(lab: &Topology) -> bool {
    let (graph, problems) = LabGraph::build(lab);
    if problems.has_errors() || !has_room(lab) {
        return false;
    }
    let empty = Answered { home: LayerPath::root(), seen: Observed::default(), facts: None };
    let root = (LayerPath::root(), KnownLayer::Answered(Box::new(empty)));
    let known = Known { layers: BTreeMap::from([root]), ..Known::default() };
    let scope = BTreeSet::from([LayerPath::root()]);
    !up_of(Lab { topology: lab.clone(), graph }).plan(&known, &scope, StepId(0)).problems.has_errors()
}

/// The goal that a lab is up.
pub(super) fn up_of(lab: Lab) -> Goal {
    Goal::Up(Up {
        lab: Arc::new(lab),
        targets: Vec::new(),
        wait: Wait::Ready(Some(Duration::from_secs(600))),
        force_recreate: false,
        orphans: Orphans::Remove,
        discard_node_files: false,
        way: Way::default(),
    })
}

/// Whether the engines have addresses for all the networks.
fn has_room(lab: &Topology) -> bool {
    networks(&lab.root).is_some_and(|n| n <= MOST_NETWORKS)
}

/// How many networks a layer has on its engine, with those of layers that share this; `None` where one further in has
/// too many.
fn networks(layer: &Layer) -> Option<usize> {
    let is_used = |key: &&String| layer.services.values().any(|it| it.spec.networks.contains_key(*key));
    let mut here = layer.networks.keys().filter(is_used).count();
    for service in layer.services.values() {
        let Some(node) = &service.node else { continue };
        let inside = networks(&node.inner)?;
        if node.kind.value == "socket" {
            here += inside * usize::try_from(service.scale).expect("small");
        } else if inside > MOST_NETWORKS {
            return None;
        }
    }
    Some(here)
}

/// One more service, of the layer at this depth; `salt` tells volumes apart that are named for it.
pub(super) fn one_service(dice: &mut Dice, key: &str, depth: u64) -> Service {
    Draw { dice, drawn: MOST / 2 }.service(key, depth)
}

/// Lets an instance need another.
pub(super) fn add_dependency(dice: &mut Dice, lab: &mut Topology) {
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let (Some(from), Some(to)) = (dice.of(&all), dice.of(&all)) else { return };
    let target = lab.service(to).expect("it is there");
    let condition = match dice.below(4) {
        0 | 1 if is_checked(target) => Condition::Healthy,
        0..=2 if target.spec.image == JOB => Condition::Completed,
        0 | 1 => Condition::Ready,
        _ => Condition::Started,
    };
    let (required, restart) = (!dice.one_in(5), dice.one_in(5));
    let target = Target::Absolute(to.to_string().parse().expect("an address is a pattern"));
    let dependency = Dependency { target, condition, required, restart, span: Span::default() };
    service_mut(&mut lab.root, from).depends_on.push(dependency);
}

/// Lets an instance publish a port: on its own engine, or through its nodes on the root engine.
pub(super) fn add_port(dice: &mut Dice, lab: &mut Topology) {
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let Some(addr) = dice.of(&all) else { return };
    let is_inside = !addr.layer().is_root();
    let service = service_mut(&mut lab.root, addr);
    // A job that serves something would be no job.
    if service.spec.image == JOB || service.spec.network_mode.is_some() {
        return;
    }
    let number = PORTS[dice.index(PORTS.len())];
    let host = (!dice.one_in(4)).then_some((number, number));
    let binding = PortBinding { host, container: 80, ..PortBinding::default() };
    if is_inside && dice.one_in(2) {
        service.publish = vec![Spanned::new(binding, Span::default())];
    } else {
        service.spec.ports = vec![binding];
    }
}

pub(super) fn is_checked(service: &Service) -> bool {
    service.spec.healthcheck.as_ref().is_some_and(|check| !check.is_disabled())
}

pub(super) fn layer_mut<'a>(root: &'a mut Layer, addr: &Addr) -> &'a mut Layer {
    let mut layer = root;
    for part in addr.layer().parts() {
        let node = layer.services.get_mut(&part.service).expect("it is there").node.as_mut();
        layer = &mut node.expect("a node").inner;
    }
    layer
}

pub(super) fn service_mut<'a>(root: &'a mut Layer, addr: &Addr) -> &'a mut Service {
    layer_mut(root, addr).services.get_mut(addr.service()).expect("it is there")
}

pub(super) fn check() -> Healthcheck {
    Healthcheck { test: vec!["CMD".to_owned(), "true".to_owned()], ..Healthcheck::default() }
}

fn hook(image: Option<&str>) -> Hook {
    Hook { command: vec!["true".to_owned()], image: image.map(str::to_owned), ..Hook::default() }
}

impl Draw<'_> {
    fn layer(&mut self, depth: u64) -> Layer {
        let mut out = Layer::default();
        let n = 1 + self.dice.index(if depth == 0 { 4 } else { 3 });
        for key in &NAMES[..n] {
            if self.drawn < MOST || out.services.is_empty() {
                let service = self.service(key, depth);
                out.services.insert(service.name.clone(), Box::new(service));
            }
        }
        out.networks.insert("default".to_owned(), NetworkDef::default());
        out.networks.insert("back".to_owned(), NetworkDef::default());
        out.volumes.insert("data".to_owned(), VolumeDef::default());
        self.share(&mut out);
        out
    }

    /// Lets services use namespaces or volumes of others, as the reader of files writes it.
    fn share(&mut self, layer: &mut Layer) {
        let names: Vec<ServiceName> = layer.services.keys().cloned().collect();
        let (Some(user), Some(owner)) = (self.dice.of(&names).cloned(), self.dice.of(&names).cloned()) else {
            return;
        };
        let is_plain = |service: &Service| service.node.is_none() && service.spec.image != JOB;
        let both = is_plain(&layer.services[&user]) && is_plain(&layer.services[&owner]);
        if user == owner || !both || !self.dice.one_in(2) {
            return;
        }
        let restart = match self.dice.below(3) {
            0 => {
                let service = layer.services.get_mut(&user).expect("it is there");
                service.spec.networks.clear();
                service.spec.network_mode = Some(NetworkMode::Service(owner.to_string()));
                true
            }
            1 => {
                let service = layer.services.get_mut(&user).expect("it is there");
                service.spec.pid = Some(format!("service:{owner}"));
                true
            }
            _ => {
                let source = Sharer::Service(owner.clone());
                let from = VolumesFrom { source, read_only: None, span: Span::default() };
                layer.services.get_mut(&user).expect("it is there").behaviour.volumes_from.push(from);
                false
            }
        };
        let target = Target::Relative(owner.as_str().parse().expect("a name is a pattern"));
        let (condition, span) = (Condition::Started, Span::default());
        let dependency = Dependency { target, condition, required: true, restart, span };
        layer.services.get_mut(&user).expect("it is there").depends_on.push(dependency);
    }

    fn service(&mut self, key: &str, depth: u64) -> Service {
        self.drawn += 1;
        let mut spec = ContainerSpec::default();
        spec.networks.insert("default".to_owned(), Endpoint::default());
        if self.dice.one_in(4) {
            spec.networks.insert("back".to_owned(), Endpoint::default());
        }
        spec.environment.insert("REVISION".to_owned(), Some(self.dice.below(2).to_string()));
        if self.dice.one_in(4) {
            let source = MountSource::volume((!self.dice.one_in(3)).then(|| "data".to_owned()));
            spec.mounts.push(Mount::new("/data", source, false));
        }
        let mut behaviour = Behaviour::default();
        if self.dice.one_in(8) {
            behaviour.pre_start.push(hook(Some(HOOK)));
        }
        let is_node = depth < DEPTH && self.drawn < MOST && self.dice.one_in(2);
        let mut node = None;
        if is_node {
            node = Some(Box::new(self.node(&mut spec, depth)));
        } else if self.dice.one_in(5) {
            JOB.clone_into(&mut spec.image);
        } else {
            SERVERS[self.dice.index(SERVERS.len())].clone_into(&mut spec.image);
            spec.healthcheck = self.dice.one_in(3).then(|| Box::new(check()));
        }
        if spec.image != JOB {
            spec.restart = match self.dice.below(6) {
                0 => RestartPolicy::Always,
                1 => RestartPolicy::UnlessStopped,
                2 => RestartPolicy::OnFailure(3),
                _ => RestartPolicy::No,
            };
            behaviour.post_start.extend(self.dice.one_in(8).then(|| hook(None)));
            behaviour.pre_stop.extend(self.dice.one_in(8).then(|| hook(None)));
        }
        Service {
            name: name(key),
            span: Span::default(),
            spans: KeyPlaces::default(),
            spec,
            container_name: None,
            scale: if self.dice.one_in(6) { 2 } else { 1 },
            depends_on: Vec::new(),
            build: None,
            pull_policy: PullPolicy::Missing,
            files: Vec::new(),
            publish: Vec::new(),
            behaviour,
            node,
        }
    }

    fn node(&mut self, spec: &mut ContainerSpec, depth: u64) -> NodeDef {
        NODES[0].clone_into(&mut spec.image);
        let kind = if self.dice.one_in(4) { "socket" } else { "dind" };
        let mut options = EngineOptions::default();
        if kind == "dind" && self.dice.one_in(8) {
            options.data = DataRoot::Tmpfs;
        }
        NodeDef {
            kind: Spanned::new(kind.to_owned(), Span::default()),
            options,
            inner: self.layer(depth + 1),
        }
    }
}
