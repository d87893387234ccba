//! What is defined and never used is worth a word: it is often misspelt elsewhere.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::MountSource;
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
        let mut volumes: BTreeSet<&str> = layer.volumes.keys().map(String::as_str).collect();
        let mut networks: BTreeSet<&str> = layer.networks.keys().map(String::as_str).collect();
        networks.remove("default");
        for service in layer.services.values() {
            // Of a large layer the first few use all.
            if volumes.is_empty() && networks.is_empty() {
                break;
            }
            for mount in &service.spec.mounts {
                if let MountSource::Volume { name: Some(name), .. } = &mount.source {
                    volumes.remove(name.as_str());
                }
            }
            for name in service.spec.networks.keys() {
                networks.remove(name.as_str());
            }
        }
        volumes.iter().for_each(|name| warn(lab, "volume", name, layer.volumes[*name].span));
        networks.iter().for_each(|name| warn(lab, "network", name, layer.networks[*name].span));
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
