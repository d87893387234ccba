//! `start`, `stop`, `restart`, `pause`, `unpause`, `kill`, `rm`: from what was observed alone, by the labels; the file
//! is not needed, and no container is made.
//!
//! An address means its instances and all that is inside them. Ends go innermost first and users before used, starts
//! the other way round, each after what it waits for (label `io.nestctl.awaits`). A node that starts is entered, and
//! its layer is planned then. After docker/compose `pkg/compose/{start,stop,restart,pause,kill,remove}.go`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::kind::Hosting;
use crate::model::addr::{Addr, LayerPath};
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::{ContainerState, ObservedContainer};

use super::builder::Builder;
use super::goal::{Life, Verb};
use super::known::Known;
use super::ours;
use super::plan::Plan;
use super::quiesce;
use super::step::StepId;

mod ends;
mod starts;

/// Plans for the layers of `scope`.
pub(super) fn plan(life: &Life, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
    let found = ours::containers(known, &life.project);
    let mut living = Living {
        life,
        known,
        scope,
        builder: Builder::new(first),
        all: found
            .iter()
            .map(|ours| Found { addr: ours.addr.clone(), home: ours.home.clone(), container: ours.container })
            .collect(),
        ended: BTreeMap::new(),
        leaving: Vec::new(),
    };
    match &life.verb {
        Verb::Stop | Verb::Kill { .. } | Verb::Pause | Verb::Remove { .. } => living.end(),
        Verb::Start => living.start(),
        Verb::Unpause => living.unpause(),
        Verb::Restart { .. } => {
            living.end();
            living.start();
        }
    }
    living.builder.finish()
}

/// A container of the lab.
#[derive(Clone, Debug)]
struct Found<'a> {
    addr: Addr,
    /// The layer that owns the engine on which it was seen.
    home: LayerPath,
    container: &'a ObservedContainer,
}

struct Living<'a> {
    life: &'a Life,
    known: &'a Known,
    scope: &'a BTreeSet<LayerPath>,
    builder: Builder,
    all: Vec<Found<'a>>,
    /// The last step of this plan on each container, by its ID.
    ended: BTreeMap<String, StepId>,
    /// Layers whose node is stopped by this plan: what starts in them is planned when they are entered.
    leaving: Vec<LayerPath>,
}

impl<'a> Living<'a> {
    /// Whether the user's addresses mean this one.
    fn is_meant(&self, addr: &Addr) -> bool {
        let targets = &self.life.targets;
        targets.is_empty() || targets.iter().any(|target| target.matches_within(addr))
    }

    /// Whether this plan is about the layer: it is in scope, or its `socket` node does not run, so that only the
    /// engine around it is.
    fn is_in_scope(&self, found: &Found<'_>) -> bool {
        let layer = found.addr.layer();
        self.scope.contains(&layer)
            || (!self.known.layers.contains_key(&layer) && self.scope.contains(&found.home))
    }

    /// The layer on whose engine a container is called.
    fn engine(&self, found: &Found<'_>) -> LayerPath {
        let layer = found.addr.layer();
        if self.known.layers.contains_key(&layer) { layer } else { found.home.clone() }
    }

    fn at(&self, addr: &Addr) -> impl Iterator<Item = &Found<'a>> {
        self.all.iter().filter(move |found| found.addr == *addr)
    }

    /// Whether the layer was entered in this run: its node has just started.
    fn was_entered(&self, layer: &LayerPath) -> bool {
        layer
            .ancestors()
            .filter_map(|outer| outer.node())
            .any(|node| self.known.promised.contains(&Milestone::Service(node, Stage::EngineUp)))
    }

    /// What is restarted: what is meant, what depends on it with `restart: true`, and what is inside these.
    fn restarted(&self) -> BTreeSet<Addr> {
        let mut out: BTreeSet<Addr> =
            self.all.iter().map(|found| &found.addr).filter(|addr| self.is_meant(addr)).cloned().collect();
        if matches!(self.life.verb, Verb::Restart { no_deps: true }) {
            return out;
        }
        loop {
            let more: Vec<Addr> = self
                .all
                .iter()
                .filter(|found| !out.contains(&found.addr))
                .filter(|found| {
                    let follows = awaits(found.container)
                        .iter()
                        .any(|await_| await_.restart && out.contains(&await_.on));
                    follows || out.iter().any(|node| found.addr.layer().is_within(&node.inner()))
                })
                .map(|found| found.addr.clone())
                .collect();
            if more.is_empty() {
                return out;
            }
            out.extend(more);
        }
    }
}

/// Whether a container is a node with an engine of its own.
fn has_own_engine(container: &ObservedContainer) -> bool {
    quiesce::hosting(container) == Some(Hosting::Own)
}

/// Whether starting it is something to do.
fn can_start(container: &ObservedContainer) -> bool {
    matches!(container.state, ContainerState::Created | ContainerState::Exited)
}

/// What a container waits for before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Awaited {
    on: Addr,
    stage: Stage,
    /// Whether it is restarted with that one.
    restart: bool,
}

/// What a container waits for, by its labels: `io.nestctl.needs` has the addresses, `io.nestctl.awaits` what is more
/// than that they are started.
fn awaits(container: &ObservedContainer) -> Vec<Awaited> {
    let more = container.labels.get(label::AWAITS).map(String::as_str).unwrap_or_default();
    let more: BTreeMap<Addr, (Stage, bool)> = more.split_whitespace().filter_map(read_await).collect();
    quiesce::needs_of(container)
        .into_iter()
        .map(|on| {
            let (stage, restart) = more.get(&on).copied().unwrap_or((Stage::Started, false));
            Awaited { on, stage, restart }
        })
        .collect()
}

/// Reads `db=healthy` or `db=started,restart`.
fn read_await(text: &str) -> Option<(Addr, (Stage, bool))> {
    let (addr, how) = text.split_once('=')?;
    let (stage, restart) = match how.split_once(',') {
        Some((stage, "restart")) => (stage, true),
        _ => (how, false),
    };
    let stage = [Stage::Started, Stage::Healthy, Stage::Completed, Stage::Ready]
        .into_iter()
        .find(|it| it.to_string() == stage)?;
    Some((addr.parse().ok()?, (stage, restart)))
}

/// One word of the label `io.nestctl.awaits`; `None` where there is no more to say than the address.
pub(super) fn write_await(on: &Addr, stage: Stage, restart: bool) -> Option<String> {
    (stage != Stage::Started || restart)
        .then(|| format!("{on}={stage}{}", if restart { ",restart" } else { "" }))
}

#[cfg(test)]
mod tests;
