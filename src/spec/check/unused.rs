//! What is defined and never used is worth a word: it is often misspelt elsewhere.

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
    for (path, layer) in lab.layers() {
        // Services of inactive profiles may use it; they were not read to the end.
        if lab.notes.inactive.keys().any(|(layer, _)| *layer == path) {
            continue;
        }
        for (name, volume) in &layer.volumes {
            let used = layer.services.values().flat_map(|service| &service.spec.mounts).any(
                |mount| matches!(&mount.source, MountSource::Volume { name: Some(used), .. } if used == name),
            );
            if !used {
                warn(lab, "volume", name, volume.span);
            }
        }
        for (name, network) in layer.networks.iter().filter(|(name, _)| *name != "default") {
            if !layer.services.values().any(|service| service.spec.networks.contains_key(name)) {
                warn(lab, "network", name, network.span);
            }
        }
        for ((_, role, name), span) in
            lab.notes.defined_files.iter().filter(|((layer, ..), _)| *layer == path)
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
