//! The one entry: files → topology.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::model::addr::LayerPath;
use crate::model::service::{Condition, Dependency, Service};
use crate::model::span::Span;
use crate::model::topology::{Layer, Topology};

use super::check::dependency::{from_root, sibling};
use super::check::lab::Lab;
use super::check::rules::RULES;
use super::files::{Entry, Files, Vars};
use super::lower::lowering::{Lowering, Notes};
use super::problems::Problems;

/// What came of reading a lab.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The lab; `None` when an error leaves nothing to go on with. With errors among the problems it is what
    /// could be read, good for completion and for nothing that touches an engine.
    pub topology: Option<Topology>,
    /// All problems of all files.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: SourceMap,
}

/// Reads a lab. Never fails and never panics, whatever the files hold.
pub fn parse(files: &dyn Files, entry: &Entry, vars: &Vars) -> Parsed {
    let problems = Problems::default();
    let lowering = Lowering::new(files, entry, &problems);
    let topology = lowering.lab(vars);
    let sources = lowering.sources.take();
    let notes = lowering.notes.take();
    let topology = finish(topology, &notes, true, &problems);
    Parsed { topology, diagnostics: problems.into_diagnostics(), sources }
}

/// What needs the whole lab: conditions, checks, and dependencies on what is not there.
pub(super) fn finish(
    mut topology: Option<Topology>,
    notes: &Notes,
    checked: bool,
    problems: &Problems,
) -> Option<Topology> {
    if let Some(topology) = &mut topology {
        let absent = settle_conditions(topology, notes);
        let lab = Lab::new(topology, notes, problems);
        if checked {
            RULES.iter().for_each(|rule| rule(&lab));
        }
        drop_absent(topology, &absent);
    }
    topology
}

/// The environment, with the variables of files below it; of the files the last wins. What is wrong in them is said
/// when a lab is read with them.
pub fn variables(files: &dyn Files, paths: &[PathBuf], vars: &Vars) -> Vars {
    let problems = Problems::default();
    let entry = Entry::default();
    let named: Vec<(PathBuf, Option<Span>)> = paths.iter().map(|path| (path.clone(), None)).collect();
    Lowering::new(files, &entry, &problems).vars_with(&named, vars)
}

/// A dependency without a condition waits until a node is ready, and until anything else has started. The answer is those
/// on what is not there.
fn settle_conditions(topology: &mut Topology, notes: &Notes) -> Vec<(LayerPath, Span)> {
    let mut on_nodes: BTreeSet<(LayerPath, Span)> = BTreeSet::new();
    let mut absent = Vec::new();
    visit(&topology.root, &LayerPath::root(), &mut |path, layer, service| {
        for dependency in &service.depends_on {
            match target(topology, path, layer, dependency) {
                None => absent.push((path.clone(), dependency.span)),
                Some(found) if found.node.is_some() && notes.unconditional.contains(&dependency.span) => {
                    on_nodes.insert((path.clone(), dependency.span));
                }
                Some(_) => {}
            }
        }
    });
    if on_nodes.is_empty() {
        return absent;
    }
    visit_mut(&mut topology.root, &LayerPath::root(), &mut |path, service| {
        for dependency in &mut service.depends_on {
            if on_nodes.contains(&(path.clone(), dependency.span)) {
                dependency.condition = Condition::Ready;
            }
        }
    });
    absent
}

/// Dependencies on what is not there go, now that the checks have seen them: no reader after this meets one.
fn drop_absent(topology: &mut Topology, absent: &[(LayerPath, Span)]) {
    if !absent.is_empty() {
        visit_mut(&mut topology.root, &LayerPath::root(), &mut |path, service| {
            service.depends_on.retain(|dependency| {
                !absent.iter().any(|(layer, span)| layer == path && *span == dependency.span)
            });
        });
    }
}

/// The service that a dependency of one in this layer names.
fn target<'t>(
    topology: &'t Topology,
    path: &LayerPath,
    layer: &'t Layer,
    dependency: &Dependency,
) -> Option<&'t Service> {
    let target = &dependency.target;
    sibling(layer, target).or_else(|| topology.service(&from_root(path, target).first()))
}

fn visit<'l>(layer: &'l Layer, path: &LayerPath, see: &mut impl FnMut(&LayerPath, &'l Layer, &'l Service)) {
    for service in layer.services.values() {
        see(path, layer, service);
        if let Some(node) = &service.node {
            visit(&node.inner, &path.join(&service.name, 1).inner(), see);
        }
    }
}

fn visit_mut(layer: &mut Layer, path: &LayerPath, see: &mut impl FnMut(&LayerPath, &mut Service)) {
    for service in layer.services.values_mut() {
        see(path, service);
        if let Some(node) = &mut service.node {
            visit_mut(&mut node.inner, &path.join(&service.name, 1).inner(), see);
        }
    }
}
