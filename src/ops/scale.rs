//! `SERVICE=N`: another number of replicas than the file's, for one run.

use std::sync::Arc;

use crate::graph::lab_graph::LabGraph;
use crate::model::addr::Pattern;
use crate::model::topology::{Layer, Topology};
use crate::plan::goal::Lab;

use super::address::{nothing_matched, parse_pattern};
use super::error::OpError;
use super::load::ValidLab;

/// So many replicas of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The service, without replica numbers: the replicas of a node are alike.
    pub service: Pattern,
    /// How many.
    pub replicas: u32,
}

/// Reads `SERVICE=N`.
///
/// # Errors
/// When it is not of this form, or the service is no address without replica numbers.
pub fn parse_scale(text: &str) -> Result<Scale, OpError> {
    let bad = || OpError::Scale(text.to_owned());
    let (service, replicas) = text.rsplit_once('=').ok_or_else(bad)?;
    let service = parse_pattern(service)?;
    if service.parts().iter().any(|(_, number)| number.is_some()) {
        return Err(bad());
    }
    Ok(Scale { service, replicas: replicas.parse().map_err(|_| bad())? })
}

/// The lab with these numbers of replicas.
///
/// # Errors
/// When a service is not in the lab, or the lab is a circle then.
pub fn scaled(lab: ValidLab, scales: &[Scale]) -> Result<ValidLab, OpError> {
    if scales.is_empty() {
        return Ok(lab);
    }
    let mut topology = lab.lab.topology.clone();
    for scale in scales {
        if !set(&mut topology, scale) {
            let known: Vec<_> = topology.instances().into_iter().map(|(addr, _)| addr).collect();
            return Err(nothing_matched(&scale.service, &known));
        }
    }
    let (graph, diagnostics) = LabGraph::build(&topology);
    if diagnostics.has_errors() {
        return Err(OpError::Refused { diagnostics, sources: lab.sources });
    }
    Ok(ValidLab { lab: Arc::new(Lab { topology, graph }), ..lab })
}

fn set(topology: &mut Topology, scale: &Scale) -> bool {
    let mut layer: &mut Layer = &mut topology.root;
    let names: Vec<_> = scale.service.services().collect();
    let Some((last, outer)) = names.split_last() else { return false };
    for name in outer {
        let Some(node) = layer.services.get_mut(*name).and_then(|service| service.node.as_mut()) else {
            return false;
        };
        layer = &mut node.inner;
    }
    match layer.services.get_mut(*last) {
        Some(service) => {
            service.scale = scale.replicas;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_replicas_is_given_by_address() {
        let scale = parse_scale("vm/web=3").expect("valid");
        assert_eq!((scale.service.to_string().as_str(), scale.replicas), ("vm/web", 3));
        for bad in ["web", "web=x", "web=-1", "vm@2/web=3"] {
            assert!(parse_scale(bad).is_err(), "{bad}");
        }
    }
}
