//! `--pull`: one pull policy for all services in place of the file's, for one run.

use std::sync::Arc;

use crate::graph::lab_graph::LabGraph;
use crate::model::service::PullPolicy;
use crate::model::topology::Layer;
use crate::plan::goal::Lab;

use super::load::ValidLab;

/// The lab with this policy. `Build` is for services that can be built.
#[must_use]
pub fn with_pull_policy(lab: ValidLab, policy: PullPolicy) -> ValidLab {
    let mut topology = lab.lab.topology.clone();
    set(&mut topology.root, policy);
    // What was found in the first graph is told already; nothing of it follows from policies.
    let (graph, _) = LabGraph::build(&topology);
    ValidLab { lab: Arc::new(Lab { topology, graph }), ..lab }
}

fn set(layer: &mut Layer, policy: PullPolicy) {
    for service in layer.services.values_mut() {
        if policy != PullPolicy::Build || service.build.is_some() {
            service.pull_policy = policy;
        }
        if let Some(node) = &mut service.node {
            set(&mut node.inner, policy);
        }
    }
}
