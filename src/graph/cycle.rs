//! Cycles as chains of places.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::model::milestone::Milestone;
use crate::model::span::Span;
use crate::model::topology::Topology;

use super::lab_graph::Why;

/// One diagnostic for each knot of dependencies: the shortest circle in it.
pub(super) fn find(graph: &DiGraph<Milestone, Why>, topology: &Topology) -> Diagnostics {
    let mut problems = Diagnostics::new();
    // Nearly every lab: told without a list for each milestone, and at any depth (the search for knots recurses).
    if toposort(graph, None).is_ok() {
        return problems;
    }
    for knot in tarjan_scc(graph) {
        if knot.len() < 2 && !knot.iter().any(|n| graph.contains_edge(*n, *n)) {
            continue;
        }
        if let Some(circle) = shortest(graph, &knot) {
            problems.push(describe(graph, topology, &circle));
        }
    }
    problems
}

/// The shortest circle within a strongly connected component, by a breadth-first search from each of (at most 64
/// of) its nodes.
fn shortest(graph: &DiGraph<Milestone, Why>, knot: &[NodeIndex]) -> Option<Vec<EdgeIndex>> {
    let inside: std::collections::HashSet<NodeIndex> = knot.iter().copied().collect();
    let mut starts = knot.to_vec();
    starts.sort_by_key(|n| &graph[*n]);
    starts.into_iter().take(64).filter_map(|start| circle_from(graph, &inside, start)).min_by_key(Vec::len)
}

fn circle_from(
    graph: &DiGraph<Milestone, Why>,
    inside: &std::collections::HashSet<NodeIndex>,
    start: NodeIndex,
) -> Option<Vec<EdgeIndex>> {
    let mut came: HashMap<NodeIndex, EdgeIndex> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for edge in graph.edges(at).filter(|edge| inside.contains(&edge.target())) {
            if edge.target() == start {
                let mut path = vec![edge.id()];
                let mut back = at;
                while back != start {
                    let previous = came[&back];
                    path.push(previous);
                    back = graph.edge_endpoints(previous).expect("an edge of this graph").0;
                }
                path.reverse();
                return Some(path);
            }
            if let Entry::Vacant(vacant) = came.entry(edge.target()) {
                vacant.insert(edge.id());
                queue.push_back(edge.target());
            }
        }
    }
    None
}

fn describe(graph: &DiGraph<Milestone, Why>, topology: &Topology, circle: &[EdgeIndex]) -> Diagnostic {
    let mut labels: Vec<(Span, String)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for id in circle {
        let (from, to) = graph.edge_endpoints(*id).expect("an edge of this graph");
        let (Milestone::Service(from, _), Milestone::Service(to, stage)) = (&graph[from], &graph[to]) else {
            continue;
        };
        if names.is_empty() {
            names.push(format!("`{from}`"));
        }
        let place = |addr| topology.service(addr).map(|service| service.span).unwrap_or_default();
        let step = match graph[*id] {
            Why::Stage => continue,
            Why::Depends { span, .. } => (span, format!("`{from}` needs `{to}` {stage}")),
            Why::Inside => (place(from), format!("`{from}` runs inside `{to}`")),
            Why::Contains => (place(to), format!("`{from}` is ready when `{to}` is")),
        };
        names.push(format!("`{to}`"));
        labels.push(step);
    }
    let mut diagnostic = Diagnostic::error(
        Code::DependencyCycle,
        format!("dependencies go in a circle: {}", names.join(" → ")),
    );
    for (span, text) in labels {
        diagnostic = diagnostic.at(span, text);
    }
    diagnostic
        .help("take one of these dependencies out, or weaken its condition (`service_started` for a node)")
}
