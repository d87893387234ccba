//! What is defined and never used is worth a word: it is often misspelt elsewhere.

use std::collections::HashSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::MountSource;
use crate::model::quick_hash::QuickHash;
use crate::model::span::Span;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    // Beside an error it is mostly its shadow: the name is misspelt where it is used.
    if lab.problems.has_errors() {
        return;
    }
    for (path, layer) in &lab.layers {
        // Services of inactive profiles may use it; they were not read to the end.
        if lab.notes.inactive.keys().any(|(layer, _)| layer == path) {
            continue;
        }
        let mounts = layer.services.values().flat_map(|service| &service.spec.mounts);
        let volumes: HashSet<&String, QuickHash> = mounts
            .filter_map(|mount| match &mount.source {
                MountSource::Volume { name, .. } => name.as_ref(),
                _ => None,
            })
            .collect();
        for (name, volume) in layer.volumes.iter().filter(|(name, _)| !volumes.contains(name)) {
            warn(lab, "volume", name, volume.span);
        }
        let networks = layer.services.values().flat_map(|service| service.spec.networks.keys());
        let networks: HashSet<&String, QuickHash> = networks.collect();
        let may_be_unused = |name: &String| name != "default" && !networks.contains(name);
        for (name, network) in layer.networks.iter().filter(|(name, _)| may_be_unused(name)) {
            warn(lab, "network", name, network.span);
        }
        for ((_, role, name), span) in lab.notes.defined_files.iter().filter(|((layer, ..), _)| layer == path)
        {
            if !lab.notes.used_files.contains(&(path.clone(), role, name.clone())) {
                warn(lab, role, name, *span);
            }
        }
    }
}

fn warn(lab: &Lab, what: &str, name: &str, span: Span) {
    let message = format!("no service uses the {what} `{name}`");
    lab.problems
        .push(Diagnostic::warning(Code::Unused, message).at(span, "").help("Use it, or take it away."));
}
