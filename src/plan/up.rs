//! `up`: desired × observed → steps, layer by layer.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::graph::expand::expand;
use crate::graph::lab_graph::{Closure, Why};
use crate::kind::kind::{Hosting, Refusal};
use crate::model::addr::{Addr, LayerPath};
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::name::ServiceName;
use crate::model::observed::ObservedContainer;
use crate::model::quick_hash::QuickHash;
use crate::model::service::{PullPolicy, Service};
use crate::model::span::Span;
use crate::model::topology::Layer;

use super::address_pool::{self, Cidr};
use super::bring_up::Bringing;
use super::build;
use super::builder::{Builder, Draft, when};
use super::cause::Cause;
use super::claims;
use super::desired::{Circumstances, Desired};
use super::goal::{ImagesOnly, Starts, Up};
use super::images::{Images, Wanted};
use super::inherited;
use super::known::Known;
use super::node_paths;
use super::objects::Objects;
use super::orphans::is_moved;
use super::ours::{self, Ours};
use super::plan::Plan;
use super::pull;
use super::push;
use super::quiesce;
use super::ranges;
use super::refresh;
use super::step::{Group, Need, StepId};
use super::wanted::{meant, wanted};
use super::world::{World, kind_of};

/// What follows from the goal alone.
#[derive(Debug)]
pub(super) struct Basis<'a> {
    pub(super) up: &'a Up,
    pub(super) world: World<'a>,
    pub(super) wanted: Closure<'a>,
}

impl<'a> Basis<'a> {
    pub(super) fn new(up: &'a Up) -> Self {
        let world = World::new(&up.lab.topology);
        let wanted = wanted(up, &world);
        Self { up, world, wanted }
    }
}

/// Everything that planning an `up` has at hand.
pub(super) struct Planner<'a> {
    pub(super) up: &'a Up,
    pub(super) known: &'a Known,
    pub(super) world: &'a World<'a>,
    pub(super) images: Images,
    pub(super) objects: Objects,
    pub(super) builder: Builder,
    pub(super) wanted: &'a Closure<'a>,
    /// Volumes that hold files of one service, by its address.
    pub(super) filled: BTreeMap<Addr, Vec<&'a str>>,
    /// The lab's containers that are on another engine than their layer's now.
    pub(super) moved: Vec<Ours<'a>>,
    /// The lab's containers by address.
    pub(super) existing: BTreeMap<Addr, Vec<&'a ObservedContainer>>,
    /// Where nodes have something that outlives their containers, as far as it was asked for.
    pub(super) lasting: BTreeMap<Addr, Vec<String>>,
    /// Layers whose node is stopped by this plan: an `Enter` plans them anew.
    pub(super) leaving: Vec<LayerPath>,
    /// The layers that are planned.
    pub(super) scope: BTreeSet<LayerPath>,
    /// Instances that have been planned.
    pub(super) planned: HashSet<Addr, QuickHash>,
    /// Instances for which a container is made.
    pub(super) made: HashSet<Addr, QuickHash>,
    /// Containers that a step stops because something that they depend on is made anew, by ID; and what that is.
    pub(super) stopped: BTreeMap<String, (StepId, Addr)>,
    /// The last step of the `pre_start` of a service that runs once for all its replicas.
    pub(super) initialized: BTreeMap<(LayerPath, ServiceName), StepId>,
}

/// A refusal as a problem of the file.
pub(super) fn refused(addr: &Addr, service: &Service, refusal: &Refusal) -> Diagnostic {
    let message = format!("`{addr}`: {}", refusal.message);
    let mut problem = Diagnostic::error(Code::KindConflict, message).at(service.span_of(refusal.key), "");
    problem.help.clone_from(&refusal.help);
    problem
}

/// Plans an `up` for the layers of `scope`.
pub(super) fn plan(basis: &Basis<'_>, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
    let up = basis.up;
    let topology = &up.lab.topology;
    let mut existing: BTreeMap<Addr, Vec<&ObservedContainer>> = BTreeMap::new();
    let all = ours::containers(known, &topology.project).into_iter();
    let (moved, here): (Vec<Ours<'_>>, Vec<Ours<'_>>) =
        all.partition(|found| is_moved(&basis.world, known, found));
    for found in here {
        existing.entry(found.addr).or_default().push(found.container);
    }
    let mut planner = Planner {
        up,
        known,
        world: &basis.world,
        images: Images::default(),
        objects: Objects::default(),
        builder: Builder::new(first),
        wanted: &basis.wanted,
        filled: ours::filled_volumes(known, &topology.project),
        moved,
        existing,
        lasting: BTreeMap::new(),
        leaving: Vec::new(),
        scope: scope.clone(),
        planned: HashSet::default(),
        made: HashSet::default(),
        stopped: BTreeMap::new(),
        initialized: BTreeMap::new(),
    };
    match &up.way.images_only {
        Some(ImagesOnly::Build { push }) => {
            planner.builds_alone();
            if *push {
                push::pushes(&mut planner, basis, false);
            }
            return planner.builder.finish();
        }
        Some(ImagesOnly::Push { ignore_failures }) => {
            push::pushes(&mut planner, basis, *ignore_failures);
            return planner.builder.finish();
        }
        Some(ImagesOnly::Pull(pulling)) => {
            pull::copies(&mut planner, basis, pulling);
            return planner.builder.finish();
        }
        None => {}
    }
    let pulls = refresh::pulls(basis, known).into_iter();
    planner.images.pulls = pulls.map(|(image, (_, cause))| (image.to_owned(), cause)).collect();
    if scope.contains(&LayerPath::root()) {
        claims::check(planner.world, &mut planner.builder.problems);
        ranges::check(planner.world, &mut planner.builder.problems);
    }
    // Outermost first: whether a layer is leaving is known once its node has been looked at.
    let mut layers: Vec<&LayerPath> = scope.iter().collect();
    layers.sort_by_key(|layer| (layer.depth(), *layer));
    for layer in layers {
        planner.layer(layer);
    }
    planner.builder.finish()
}

impl<'a> Planner<'a> {
    /// The images of all services that are meant, whether their layers are up or not.
    fn builds_alone(&mut self) {
        let meant = meant(self.up, self.world);
        for (addr, service) in &self.world.instances {
            if service.build.is_none() || !meant.contains(addr) {
                continue;
            }
            let build = build::Building {
                world: self.world,
                known: self.known,
                order: self.order(),
                cause: Cause::Asked,
                layer: &addr.layer(),
            };
            build.plan(&mut self.images, &mut self.builder, service, &mut Vec::new());
        }
    }

    fn layer(&mut self, path: &LayerPath) {
        let left = self.leaving.iter().any(|leaving| path.is_within(leaving));
        let Some(layer) = self.world.topology.layer(path) else { return };
        if left || self.known.seen(path).is_none() {
            return;
        }
        self.remove_orphans(path);
        self.remove_moved(path);
        self.renew_networks(path, layer);
        self.check_volumes(path, layer);
        let preload = self.preload(path, layer);
        self.builder.reserve(layer.services.len(), layer.networks.len() + layer.volumes.len());
        for service in self.used_first(path, layer) {
            for number in 1..=service.scale {
                let addr = path.join(&service.name, number);
                if self.wanted.contains(&Milestone::Service(addr.clone(), Stage::Started)) {
                    self.instance(&addr, service, &preload);
                    self.planned.insert(addr);
                }
            }
        }
        if self.world.topology.all_resources {
            self.objects.provide_all(self.world, self.known, &mut self.builder, path, layer);
        }
        self.start_bystanders(path);
        super::one_off::plan(self, path, &preload);
    }

    /// The services of a layer, those that others depend on first, else in the order of names: what becomes of a
    /// container can follow from what becomes of those that it uses.
    fn used_first(&self, path: &LayerPath, layer: &'a Layer) -> Vec<&'a Service> {
        let mut out = Vec::with_capacity(layer.services.len());
        let mut seen: HashSet<&ServiceName, QuickHash> = HashSet::default();
        for start in layer.services.values() {
            let mut stack: Vec<(&'a Service, bool)> = vec![(start, false)];
            while let Some((service, is_back)) = stack.pop() {
                if is_back {
                    out.push(service);
                    continue;
                }
                if !seen.insert(&service.name) {
                    continue;
                }
                stack.push((service, true));
                let needed = self.up.lab.graph.dependencies(&path.join(&service.name, 1));
                let siblings = needed.iter().rev().filter(|addr| addr.layer() == *path);
                let siblings = siblings.filter_map(|addr| layer.services.get(addr.service()));
                stack.extend(siblings.map(|service| (&**service, false)));
            }
        }
        out
    }

    /// `images:` of a layer: all of them are there before anything starts.
    fn preload(&mut self, path: &LayerPath, layer: &Layer) -> Vec<Need> {
        let mut needs = Vec::new();
        for image in &layer.images {
            let wanted = Wanted {
                reference: &image.value,
                platform: layer.default_platform.as_deref(),
                policy: PullPolicy::Missing,
                layer: path,
                by: None,
                span: image.span,
                built: None,
                order: self.order(),
            };
            needs.extend(self.images.provide(self.world, self.known, &mut self.builder, wanted, false).needs);
        }
        needs
    }

    fn instance(&mut self, addr: &Addr, service: &'a Service, preload: &[Need]) {
        let containers = self.existing.get(addr).cloned().unwrap_or_default();
        let circumstances = self.circumstances(addr, service, &containers);
        let dependencies = self.up.lab.graph.dependencies(addr);
        let mut desired = Desired::new(self.world, self.known, &dependencies, addr, service, &circumstances);
        if let Some(awaits) = self.awaits(addr, service) {
            desired.labels.insert(label::AWAITS.to_owned(), awaits);
        }
        for refusal in &desired.refusals {
            self.builder.problems.push(refused(addr, service, refusal));
        }
        if desired.spec.image.is_empty() {
            return;
        }
        node_paths::warn(self, addr, service);
        Bringing::new(self, desired, containers, preload.to_vec()).plan();
    }

    /// The label `io.nestctl.awaits`.
    fn awaits(&self, addr: &Addr, service: &Service) -> Option<String> {
        let started = Milestone::Service(addr.clone(), Stage::Started);
        let restarts: BTreeSet<Addr> = service
            .depends_on
            .iter()
            .filter(|dependency| dependency.restart)
            .flat_map(|dependency| expand(self.world.topology, &addr.layer(), &dependency.target))
            .collect();
        let words: Vec<String> = self
            .up
            .lab
            .graph
            .needs(&started)
            .into_iter()
            .filter_map(|(milestone, why)| match (milestone, why) {
                (Milestone::Service(on, stage), Why::Depends { .. }) => {
                    super::life::write_await(on, *stage, restarts.contains(on))
                }
                _ => None,
            })
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// What depends on what was observed: a node's address pool and MTU.
    fn circumstances(
        &self,
        addr: &Addr,
        service: &Service,
        containers: &[&ObservedContainer],
    ) -> Circumstances {
        let (Some(kind), Some(node)) = (kind_of(service), &service.node) else {
            return Circumstances::default();
        };
        if kind.hosting != Hosting::Own {
            return Circumstances::default();
        }
        let layer = addr.layer();
        let kept = containers.iter().find_map(|container| container.labels.get(label::POOL).cloned());
        let pool = node.options.address_pool.as_ref().map(|pool| pool.value.clone());
        let pool = pool.or(kept).or_else(|| address_pool::choose(&self.taken_networks(&layer)));
        Circumstances { pool, mtu: node.options.mtu.or_else(|| super::objects::mtu(self.known, &layer)) }
    }

    /// Networks that an engine in `layer` must not use.
    fn taken_networks(&self, layer: &LayerPath) -> Vec<Cidr> {
        let mut texts: Vec<&str> = self.known.avoid.iter().map(String::as_str).collect();
        for outer in layer.ancestors() {
            let networks = self.known.seen(&outer).map(|seen| seen.networks.as_slice()).unwrap_or_default();
            texts.extend(networks.iter().flat_map(|network| network.subnets.iter().map(String::as_str)));
            let nodes = outer.node().and_then(|node| self.existing.get(&node)).into_iter().flatten();
            texts.extend(nodes.filter_map(|node| node.labels.get(label::POOL).map(String::as_str)));
        }
        let mut layers = vec![&self.world.topology.root];
        while let Some(layer) = layers.pop() {
            let subnets = layer.networks.values().flat_map(|network| &network.spec.ipam);
            texts.extend(subnets.filter_map(|subnet| subnet.subnet.as_deref()));
            layers.extend(
                layer.services.values().filter_map(|service| service.node.as_ref()).map(|node| &node.inner),
            );
        }
        texts.into_iter().filter_map(Cidr::parse).collect()
    }

    /// Stops a container on the engine of `layer`, with what runs inside it first, and removes it with its anonymous
    /// volumes, but for those that are `kept`. The answer is the removing step.
    pub(super) fn stop_and_remove(
        &mut self,
        (layer, addr): (&LayerPath, &Addr),
        container: &ObservedContainer,
        cause: &Cause,
        group: Group,
        mut needs: Vec<Need>,
        kept: &BTreeSet<String>,
    ) -> StepId {
        let stopped = self.stopped.get(&container.id).map(|(step, _)| *step);
        if container.labels.contains_key(label::KIND) && stopped.is_none() {
            needs.extend(quiesce::stop_inside(&mut self.builder, self.known, &self.existing, addr));
            self.leaving.push(addr.inner());
        }
        if let Some(step) = stopped {
            needs.push(super::builder::after_end(step));
        } else if quiesce::is_running(container) {
            let grace = self.up.way.grace;
            let builder = &mut self.builder;
            needs = vec![quiesce::stop_within(builder, layer, addr, container, cause, group, needs, grace)];
        }
        let draft = Draft::service(addr, layer, cause.clone(), group);
        // The replacement does not hold what it has by `volumes_from` until it has been started.
        let volumes = !inherited::has_any(container, kept);
        let action = super::action::Action::Remove { container: container.id.clone(), volumes };
        let removed = self.builder.push(draft, action, needs);
        inherited::remove(&mut self.builder, (layer, addr), container, cause, group, removed, kept);
        removed
    }

    /// Whether the container of `addr` is made anew although nothing changed: `--force-recreate` is for the targets
    /// and what is inside them, `--always-recreate-deps` for what they need.
    pub(super) fn is_forced(&self, addr: &Addr) -> bool {
        let targets = &self.up.targets;
        if targets.is_empty() || targets.iter().any(|target| target.matches_within(addr)) {
            self.up.force_recreate
        } else {
            self.up.way.always_recreate_deps
        }
    }

    /// What must be reached before `addr` starts, as `depends_on` says.
    pub(super) fn start_needs(&self, addr: &Addr) -> Vec<Need> {
        // Where only nodes start, what they depend on does not.
        if self.up.way.starts != Starts::All {
            return Vec::new();
        }
        let started = Milestone::Service(addr.clone(), Stage::Started);
        let mut needs = Vec::new();
        for (milestone, why) in self.up.lab.graph.needs(&started) {
            // With `no_deps` what others would bring up is not waited for.
            let is_planned = !self.up.way.no_deps || self.wanted.contains(milestone);
            if let Why::Depends { required, .. } = why
                && is_planned
            {
                let mut need = when(milestone.clone());
                if !required {
                    need.must = super::step::Must::End;
                }
                needs.push(need);
            }
        }
        needs
    }

    /// A problem at a service.
    pub(super) fn problem(&mut self, problem: Diagnostic, span: Span) {
        self.builder.problems.push(problem.at(span, ""));
    }
}
