//! The graph: what each milestone needs.
//!
//! Edges point from a milestone to what it needs. With x on the engine of node n: Started(x) needs EngineUp(n)
//! and what `depends_on` says; Healthy, Completed and EngineUp(x) need Started(x); Ready(x) needs Started(x),
//! Healthy(x) if the file gives x a health check, and for a node EngineUp(x) and Ready of all inside.

use std::collections::{BTreeSet, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::Addr;
use crate::model::container::NetworkMode;
use crate::model::milestone::{Milestone, Stage};
use crate::model::quick_hash::QuickHash;
use crate::model::service::{Condition, Dependency, Service};
use crate::model::span::Span;
use crate::model::topology::Topology;

use super::cycle;
use super::expand::expand;

/// Milestones and needs of most services.
const MILESTONES: usize = 4;
const NEEDS: usize = 5;

/// Why a milestone needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `depends_on`, or a shared network namespace, written here.
    Depends {
        /// The place.
        span: Span,
        /// Whether its failure holds the dependent back.
        required: bool,
        /// Whether the dependent is restarted when its target is made anew.
        restart: bool,
    },
    /// The container runs on the engine of that node.
    Inside,
    /// A later stage of the same service.
    Stage,
    /// A node is ready when everything inside is.
    Contains,
}

/// The milestones of a lab and their needs.
#[derive(Debug, Default)]
pub struct LabGraph {
    graph: DiGraph<Milestone, Why>,
    index: HashMap<Addr, Numbers, QuickHash>,
}

/// The graph's numbers of the milestones of an instance, by stage.
#[derive(Clone, Copy, Debug)]
struct Numbers([NodeIndex; Stage::COUNT]);

impl Default for Numbers {
    fn default() -> Self {
        Self([NodeIndex::end(); Stage::COUNT])
    }
}

impl Numbers {
    fn get(&self, stage: Stage) -> Option<NodeIndex> {
        Some(self.0[stage as usize]).filter(|number| *number != NodeIndex::end())
    }
}

/// Some milestones of a graph.
#[derive(Debug)]
pub struct Closure<'g> {
    graph: &'g LabGraph,
    /// By the graph's own numbers.
    inside: Vec<bool>,
}

impl Closure<'_> {
    /// Whether a milestone is one of them.
    pub fn contains(&self, milestone: &Milestone) -> bool {
        self.graph.find(milestone).is_some_and(|number| self.inside[number.index()])
    }

    /// Takes away what is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&Milestone) -> bool) {
        for (milestone, inside) in self.graph.graph.node_weights().zip(&mut self.inside) {
            *inside = *inside && keep(milestone);
        }
    }
}

impl LabGraph {
    /// Builds the graph. Cycles, also those through containment, come back as diagnostics that show the chain
    /// of places.
    pub fn build(topology: &Topology) -> (Self, Diagnostics) {
        let mut built = Self::default();
        let instances = topology.instances();
        built.index.reserve(instances.len());
        built.graph.reserve_nodes(instances.len() * MILESTONES);
        built.graph.reserve_edges(instances.len() * NEEDS);
        for (addr, service) in instances {
            built.add_instance(topology, &addr, service);
        }
        let problems = cycle::find(&built.graph, topology);
        (built, problems)
    }

    fn add_instance(&mut self, topology: &Topology, addr: &Addr, service: &Service) {
        let layer = addr.layer();
        let [started, healthy, completed, ready] =
            self.nodes(addr, [Stage::Started, Stage::Healthy, Stage::Completed, Stage::Ready]);
        if let Some(host) = layer.node() {
            let [engine, all] = self.nodes(&host, [Stage::EngineUp, Stage::Ready]);
            self.graph.add_edge(started, engine, Why::Inside);
            self.graph.add_edge(all, ready, Why::Contains);
        }
        for dependency in &service.depends_on {
            let wanted = match dependency.condition {
                Condition::Started => Stage::Started,
                Condition::Healthy => Stage::Healthy,
                Condition::Completed => Stage::Completed,
                Condition::Ready => Stage::Ready,
            };
            for target in expand(topology, &layer, &dependency.target) {
                let Dependency { span, required, restart, .. } = *dependency;
                let [target] = self.nodes(&target, [wanted]);
                self.graph.add_edge(started, target, Why::Depends { span, required, restart });
            }
        }
        if let Some(NetworkMode::Service(name)) = &service.spec.network_mode
            && let Ok(name) = crate::model::name::ServiceName::new(name)
        {
            let [target] = self.nodes(&layer.join(&name, 1), [Stage::Started]);
            let span = service.span_of("network_mode");
            self.graph.add_edge(started, target, Why::Depends { span, required: true, restart: true });
        }
        self.graph.add_edge(healthy, started, Why::Stage);
        self.graph.add_edge(completed, started, Why::Stage);
        self.graph.add_edge(ready, started, Why::Stage);
        if service.spec.healthcheck.as_ref().is_some_and(|check| !check.is_disabled()) {
            self.graph.add_edge(ready, healthy, Why::Stage);
        }
        if service.node.is_some() {
            let [engine] = self.nodes(addr, [Stage::EngineUp]);
            self.graph.add_edge(engine, started, Why::Stage);
            self.graph.add_edge(ready, engine, Why::Stage);
        }
    }

    /// The numbers of milestones of an instance, new ones where it has none.
    fn nodes<const N: usize>(&mut self, addr: &Addr, stages: [Stage; N]) -> [NodeIndex; N] {
        let numbers = self.index.entry(addr.clone()).or_default();
        stages.map(|stage| {
            numbers.get(stage).unwrap_or_else(|| {
                let number = self.graph.add_node(Milestone::Service(addr.clone(), stage));
                numbers.0[stage as usize] = number;
                number
            })
        })
    }

    fn find(&self, milestone: &Milestone) -> Option<NodeIndex> {
        let Milestone::Service(addr, stage) = milestone else { return None };
        self.index.get(addr)?.get(*stage)
    }

    /// What `milestone` needs directly, in the order in which the file says it.
    pub fn needs(&self, milestone: &Milestone) -> Vec<(&Milestone, Why)> {
        let Some(index) = self.find(milestone) else { return Vec::new() };
        // Latest first (petgraph `Graph::edges_directed`).
        let edges = self.graph.edges_directed(index, Direction::Outgoing);
        let mut needs: Vec<_> = edges.map(|edge| (&self.graph[edge.target()], *edge.weight())).collect();
        needs.reverse();
        needs
    }

    /// The addresses that must run before `addr` starts, as `depends_on` says: the label `io.nestctl.needs`.
    pub fn dependencies(&self, addr: &Addr) -> BTreeSet<Addr> {
        let started = Milestone::Service(addr.clone(), Stage::Started);
        let needs = self.needs(&started).into_iter();
        needs
            .filter_map(|(milestone, why)| match (milestone, why) {
                (Milestone::Service(target, _), Why::Depends { .. }) => Some(target.clone()),
                _ => None,
            })
            .collect()
    }

    /// The addresses that are restarted when `addr` is made anew (`depends_on` with `restart: true`, shared namespaces,
    /// links), in the order of addresses.
    pub fn restarted_with(&self, addr: &Addr) -> BTreeSet<Addr> {
        let stages = [Stage::Started, Stage::Healthy, Stage::Completed, Stage::EngineUp, Stage::Ready];
        let numbers = self.index.get(addr).copied().unwrap_or_default();
        let edges = stages
            .into_iter()
            .filter_map(|stage| numbers.get(stage))
            .flat_map(|number| self.graph.edges_directed(number, Direction::Incoming));
        edges
            .filter(|edge| matches!(edge.weight(), Why::Depends { restart: true, .. }))
            .filter_map(|edge| match &self.graph[edge.source()] {
                Milestone::Service(dependent, _) => Some(dependent.clone()),
                _ => None,
            })
            .collect()
    }

    /// All milestones that must be reached for `goals` to be, themselves included.
    pub fn closure(&self, goals: impl IntoIterator<Item = Milestone>) -> Closure<'_> {
        self.closure_by(goals, |_, _| true)
    }

    /// As [`Self::closure`], but a dependency counts only between services that are in it anyway: the goals, what is
    /// inside them, and the nodes on the way to them.
    pub fn closure_without_dependencies(&self, goals: Vec<Milestone>) -> Closure<'_> {
        let depends = |why: Why| matches!(why, Why::Depends { .. });
        let alone = self.closure_by(goals.clone(), |_, why| !depends(why));
        let inside = self.graph.node_weights().zip(&alone.inside).filter(|(_, inside)| **inside);
        let services: BTreeSet<&Addr> = inside
            .filter_map(|(milestone, _)| match milestone {
                Milestone::Service(addr, _) => Some(addr),
                _ => None,
            })
            .collect();
        self.closure_by(goals, |milestone, why| match milestone {
            Milestone::Service(addr, _) => !depends(why) || services.contains(addr),
            _ => true,
        })
    }

    fn closure_by(
        &self,
        goals: impl IntoIterator<Item = Milestone>,
        counts: impl Fn(&Milestone, Why) -> bool,
    ) -> Closure<'_> {
        let mut stack: Vec<NodeIndex> = goals.into_iter().filter_map(|goal| self.find(&goal)).collect();
        let mut inside = vec![false; self.graph.node_count()];
        while let Some(index) = stack.pop() {
            if std::mem::replace(&mut inside[index.index()], true) {
                continue;
            }
            let edges = self.graph.edges_directed(index, Direction::Outgoing);
            stack.extend(
                edges
                    .filter(|edge| counts(&self.graph[edge.target()], *edge.weight()))
                    .map(|edge| edge.target()),
            );
        }
        Closure { graph: self, inside }
    }
}
