//! Networks and volumes that instances need.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::container::MountSource;
use crate::model::label::{self, Labels};
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::observed::ObservedNetwork;
use crate::model::quick_hash::QuickHash;
use crate::model::span::Span;
use crate::model::topology::Layer;

use super::action::Action;
use super::address_pool::Cidr;
use super::asked::Asked;
use super::builder::{Builder, Draft, after};
use super::cause::Cause;
use super::desired::{Desired, base_labels};
use super::engine_lacks;
use super::fingerprint::Canonical;
use super::known::Known;
use super::ours::is_ours;
use super::step::{Need, Resource, StepId};
use super::world::World;

/// Docker's own MTU; an engine that says nothing else has it.
const USUAL_MTU: u32 = 1500;
const MTU_OPTION: &str = "com.docker.network.driver.mtu";

/// What was looked at, by the layer that owns the engine and by name: the step that makes it, or `None` if it is there.
#[derive(Debug, Default)]
struct Looked(HashMap<LayerPath, HashMap<String, Option<StepId>, QuickHash>, QuickHash>);

impl Looked {
    fn get(&self, home: &LayerPath, name: &str) -> Option<&Option<StepId>> {
        self.0.get(home)?.get(name)
    }

    fn insert(&mut self, home: LayerPath, name: &str, step: Option<StepId>) {
        self.0.entry(home).or_default().insert(name.to_owned(), step);
    }
}

/// Networks and volumes that this plan has looked at.
#[derive(Debug, Default)]
pub(super) struct Objects {
    networks: Looked,
    /// Networks that are made anew, by the layer that owns their engine and their name.
    pub(super) renewed: BTreeMap<(LayerPath, String), Renewal>,
    volumes: Looked,
}

/// A network that is made anew.
#[derive(Debug)]
pub(super) struct Renewal {
    /// The step that removes the one that is there.
    pub(super) removed: StepId,
    /// Why.
    pub(super) cause: Cause,
}

/// MTU of the engine of `layer`, where it is not the usual one.
pub(super) fn mtu(known: &Known, layer: &LayerPath) -> Option<u32> {
    let bridge = known.seen(layer)?.networks.iter().find(|network| network.name == "bridge")?;
    bridge.options.get(MTU_OPTION)?.parse().ok().filter(|mtu| *mtu != USUAL_MTU)
}

impl Objects {
    /// The networks and volumes of an instance; the needs are met when all are there.
    pub(super) fn provide(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        desired: &Desired<'_>,
    ) -> Vec<Need> {
        let layer = desired.addr.layer();
        let mut steps = BTreeSet::new();
        // A layer that shares an outer engine also uses networks of its node's layer.
        for owner in layer.ancestors() {
            if world.home(&owner) != world.home(&layer) {
                break;
            }
            let names = desired.spec.networks.keys();
            let mut used: Vec<(&str, &str)> =
                names.filter_map(|name| Some((world.network_key(&owner, name)?, name.as_str()))).collect();
            used.sort_unstable();
            for (key, name) in used {
                steps.extend(self.network(world, known, builder, &owner, key, name));
            }
        }
        for mount in &desired.spec.mounts {
            let MountSource::Volume { name: Some(name), .. } = &mount.source else { continue };
            let own = desired.volumes.iter().find(|volume| volume.name == *name);
            let step = match own {
                Some(own) => {
                    let address = desired.addr.to_string();
                    self.volume(
                        world,
                        known,
                        builder,
                        &layer,
                        name,
                        &own.spec,
                        Some(own.role),
                        &address,
                        None,
                    )
                }
                None => self.layer_volume(world, known, builder, &layer, name),
            };
            steps.extend(step);
        }
        steps.into_iter().map(after).collect()
    }

    /// All networks and volumes of a layer, whoever uses them.
    pub(super) fn provide_all(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        path: &LayerPath,
        layer: &Layer,
    ) {
        for key in layer.networks.keys() {
            let name = world.network_name(path, key);
            self.network(world, known, builder, path, key, &name);
        }
        for key in layer.volumes.keys() {
            let name = world.volume_name(path, key);
            self.layer_volume(world, known, builder, path, &name);
        }
    }

    /// One network of an instance: the step that makes it, where it is not there.
    pub(super) fn network_of(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        layer: &LayerPath,
        name: &str,
    ) -> Option<StepId> {
        let owners = layer.ancestors().take_while(|owner| world.home(owner) == world.home(layer));
        let mut found = owners.filter_map(|owner| Some((world.network_key(&owner, name)?, owner)));
        let (key, owner) = found.next()?;
        self.network(world, known, builder, &owner, key, name)
    }

    fn network(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        layer: &LayerPath,
        key: &str,
        name: &str,
    ) -> Option<StepId> {
        let home = world.home(layer);
        if let Some(done) = self.networks.get(&home, name) {
            return *done;
        }
        let def = world.topology.layer(layer)?.networks.get(key)?;
        let renewal = self.renewed.get(&(home.clone(), name.to_owned()));
        let seen = known.seen(layer)?;
        let found = seen.networks.iter().find(|network| network.name == name);
        let step = match found.filter(|_| renewal.is_none()) {
            Some(_) if def.external => None,
            None if def.external => {
                builder.problems.push(missing("network", key, name, layer, def.span));
                None
            }
            Some(found) if !is_ours(&found.labels, &world.topology.project, &known.root_id) => {
                builder.problems.push(
                    Diagnostic::error(Code::Taken, format!("network `{name}` exists and is not this lab's"))
                        .at(def.span, "")
                        .help("mark it `external: true` to use it as it is, or give this one another `name`"),
                );
                None
            }
            Some(_) => None,
            None => {
                for lack in known
                    .facts(layer)
                    .map(|facts| engine_lacks::network(&def.spec, facts))
                    .unwrap_or_default()
                {
                    let message = format!("network `{name}`: {}", lack.message);
                    builder
                        .problems
                        .push(Diagnostic::error(Code::EngineLacks, message).at(def.span, "").help(lack.help));
                }
                for problem in overlaps(name, &def.spec, &seen.networks, def.span) {
                    builder.problems.push(problem);
                }
                let mut labels = base_labels(world, known, &layer.to_string());
                labels.extend(described(|canonical| canonical.network(&def.spec)));
                labels.insert(label::COMPOSE_PROJECT.to_owned(), world.project(layer).to_string());
                labels.insert(label::COMPOSE_NETWORK.to_owned(), key.to_owned());
                let draft = Draft {
                    layer: home.clone(),
                    of: Resource::Network(layer.clone(), name.to_owned()),
                    cause: renewal.map_or(Cause::Missing, |renewal| renewal.cause.clone()),
                    group: None,
                };
                let spec = Box::new(with_mtu(known, layer, &def.spec));
                Some(builder.push(
                    draft,
                    Action::CreateNetwork { name: name.to_owned(), spec, labels },
                    renewal.map(|renewal| after(renewal.removed)).into_iter().collect(),
                ))
            }
        };
        self.networks.insert(home, name, step);
        step
    }

    /// A volume that the layer defines.
    fn layer_volume(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        layer: &LayerPath,
        name: &str,
    ) -> Option<StepId> {
        if let Some(done) = self.volumes.get(&world.home(layer), name) {
            return *done;
        }
        let key = world.volume_key(layer, name)?;
        let def = world.topology.layer(layer)?.volumes.get(key)?;
        if def.external {
            let there =
                known.seen(layer).is_some_and(|seen| seen.volumes.iter().any(|volume| volume.name == name));
            if !there {
                builder.problems.push(missing("volume", key, name, layer, def.span));
            }
            return None;
        }
        let owner = Some((key, def.span));
        self.volume(world, known, builder, layer, name, &def.spec, None, &layer.to_string(), owner)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a volume, each with its own type")]
    fn volume(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        layer: &LayerPath,
        name: &str,
        spec: &VolumeSpec,
        role: Option<&str>,
        address: &str,
        key: Option<(&str, Span)>,
    ) -> Option<StepId> {
        let home = world.home(layer);
        if let Some(done) = self.volumes.get(&home, name) {
            return *done;
        }
        let found = known.seen(layer)?.volumes.iter().find(|volume| volume.name == name);
        let step = if let Some(found) = found {
            if !is_ours(&found.labels, &world.topology.project, &known.root_id) {
                let mut warning = Diagnostic::warning(
                    Code::Taken,
                    format!(
                        "volume `{name}` exists and is not this lab's: it is used, and `down -v` keeps it"
                    ),
                );
                if let Some((_, span)) = key {
                    warning = warning.at(span, "");
                }
                builder.problems.push(warning);
            }
            None
        } else {
            let mut labels = base_labels(world, known, address);
            labels.insert(label::COMPOSE_PROJECT.to_owned(), world.project(layer).to_string());
            if let Some((key, _)) = key {
                labels.insert(label::COMPOSE_VOLUME.to_owned(), key.to_owned());
                labels.extend(described(|canonical| canonical.volume(spec)));
            }
            if let Some(role) = role {
                labels.insert(label::ROLE.to_owned(), role.to_owned());
            }
            let draft = Draft {
                layer: home.clone(),
                of: Resource::Volume(layer.clone(), name.to_owned()),
                cause: Cause::Missing,
                group: None,
            };
            let action = Action::CreateVolume { name: name.to_owned(), spec: Box::new(spec.clone()), labels };
            Some(builder.push(draft, action, Vec::new()))
        };
        self.volumes.insert(home, name, step);
        step
    }
}

/// The labels that tell what a network or a volume was asked for.
pub(super) fn described(describe: impl FnOnce(&mut Canonical)) -> Labels {
    let mut canonical = Canonical::default();
    describe(&mut canonical);
    let fingerprint = (label::FINGERPRINT.to_owned(), canonical.hash());
    let asked = (label::ASKED.to_owned(), Asked::from(canonical).label(&[]));
    Labels::from_iter([fingerprint, asked])
}

fn missing(what: &str, key: &str, name: &str, layer: &LayerPath, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::EngineLacks,
        format!("external {what} `{name}` is not on the engine of layer `{layer}`"),
    )
    .at(span, "")
    .help(format!("create it first, or take `external` from `{key}`"))
}

/// Subnets of a network to make that the engine would refuse: another network of it has their addresses.
fn overlaps(name: &str, spec: &NetworkSpec, there: &[ObservedNetwork], span: Span) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for text in spec.ipam.iter().filter_map(|subnet| subnet.subnet.as_deref()) {
        let Some(wanted) = Cidr::parse(text) else { continue };
        for other in there.iter().filter(|other| other.name != name) {
            let taken = |subnet: &&String| Cidr::parse(subnet).is_some_and(|cidr| cidr.overlaps(wanted));
            if let Some(subnet) = other.subnets.iter().find(taken) {
                let why =
                    format!("`{text}` of network `{name}` overlaps `{subnet}` of network `{}`", other.name);
                let problem = Diagnostic::error(Code::AddressClash, why).at(span, "");
                out.push(problem.help(format!("choose other addresses, or remove network `{}`", other.name)));
            }
        }
    }
    out
}

/// Networks inside take the MTU of their engine: only the default bridge does so by itself (ENGINES.md P10).
fn with_mtu(known: &Known, layer: &LayerPath, spec: &NetworkSpec) -> NetworkSpec {
    let mut spec = spec.clone();
    let bridge = spec.driver.as_deref().is_none_or(|driver| driver == "bridge");
    if let Some(mtu) = mtu(known, layer).filter(|_| bridge) {
        spec.driver_opts.entry(MTU_OPTION.to_owned()).or_insert_with(|| mtu.to_string());
    }
    spec
}
