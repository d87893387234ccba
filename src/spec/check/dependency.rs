//! Every dependency names a service that is there, and waits for something that can happen.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest::nearest;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::name::ServiceName;
use crate::model::service::{Condition, Dependency, Service, Target};
use crate::model::topology::Layer;
use crate::spec::read::words::{enumerate, instead};

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    for (path, layer) in &lab.layers {
        for service in layer.services.values() {
            for dependency in &service.depends_on {
                match sibling(layer, &dependency.target) {
                    Some(found) => can_happen(lab, found, dependency),
                    None => one(lab, path, dependency),
                }
            }
        }
    }
}

/// The service of the same layer that a dependency names, if it is there: by far the most do.
pub(crate) fn sibling<'l>(layer: &'l Layer, target: &Target) -> Option<&'l Service> {
    let Target::Relative(pattern) = target else { return None };
    let [(name, None)] = pattern.parts() else { return None };
    layer.services.get(name).map(|service| &**service)
}

/// What a dependency names, from the root.
pub(crate) fn from_root(path: &LayerPath, target: &Target) -> Pattern {
    match target {
        Target::Absolute(pattern) => pattern.clone(),
        Target::Relative(pattern) => pattern.below(path),
    }
}

fn one(lab: &Lab, path: &LayerPath, dependency: &Dependency) {
    let pattern = from_root(path, &dependency.target);
    let target = pattern.first();
    if let Some(number) = too_large(lab, &pattern) {
        let (addr, scale) = number;
        let message = format!("`{addr}` does not exist: the service has {scale} replicas");
        let help = format!("Write a number from 1 to {scale}, or none for all of them.");
        lab.problems.error(Code::UnknownService, dependency.span, message, help);
        return;
    }
    match lab.topology.service(&target) {
        Some(found) => can_happen(lab, found, dependency),
        None => unknown(lab, path, dependency, &target),
    }
}

/// Whether what is waited for can come about.
fn can_happen(lab: &Lab, found: &Service, dependency: &Dependency) {
    if let (Some(node), Condition::Completed) = (&found.node, dependency.condition) {
        lab.problems.push(
            Diagnostic::error(
                Code::ImpossibleCondition,
                format!("the node `{}` never completes", found.name),
            )
            .at(dependency.span, "waits for its end")
            .at(node.kind.span, "it hosts an engine")
            .help("Wait for `service_ready`, or for a service inside it."),
        );
    }
    if found.scale == 0 && dependency.required {
        let place = found.span_of(if found.spans.contains("scale") { "scale" } else { "deploy" });
        lab.problems.push(
            Diagnostic::error(
                Code::ImpossibleCondition,
                format!("`{}` has no replicas to wait for", found.name),
            )
            .at(dependency.span, "")
            .at(place, "none")
            .help("Give it at least one, or write `required: false`."),
        );
    }
}

/// The first part whose replica does not exist, and how many there are.
fn too_large(lab: &Lab, pattern: &Pattern) -> Option<(Addr, u32)> {
    let target = pattern.first();
    let mut layer = LayerPath::root();
    for part in target.parts() {
        let addr = layer.join(&part.service, part.number);
        let service = lab.topology.service(&addr)?;
        if part.number > 1 && part.number > service.scale {
            return Some((addr, service.scale));
        }
        layer = addr.inner();
    }
    None
}

fn unknown(lab: &Lab, path: &LayerPath, dependency: &Dependency, target: &Addr) {
    let (layer, name) = first_missing(lab, target);
    let key = (replica_one(&layer), name.clone());
    if let Some(profiles) = lab.notes.inactive.get(&key) {
        // As in Compose, one that may be missing is then no dependency.
        if dependency.required {
            let message = format!("`{name}` belongs to a profile that is not active");
            let help = format!(
                "Activate {}, or write `required: false`.",
                enumerate(profiles.iter().map(String::as_str))
            );
            lab.problems.error(Code::UnknownService, dependency.span, message, help);
        }
        return;
    }
    let written = match &dependency.target {
        Target::Absolute(pattern) => format!("/{pattern}"),
        Target::Relative(pattern) => pattern.to_string(),
    };
    let message = format!("there is no service `{written}`");
    let help = suggestion(lab, path, &dependency.target, &layer, &name);
    lab.problems.error(Code::UnknownService, dependency.span, message, help);
}

/// The layer in which the path breaks off, and the name that is not there.
fn first_missing(lab: &Lab, target: &Addr) -> (LayerPath, ServiceName) {
    let mut layer = LayerPath::root();
    for part in target.parts() {
        let addr = layer.join(&part.service, part.number);
        if lab.topology.service(&addr).is_none() {
            return (layer, part.service.clone());
        }
        layer = addr.inner();
    }
    (target.layer(), target.service().clone())
}

fn replica_one(layer: &LayerPath) -> LayerPath {
    layer.parts().iter().fold(LayerPath::root(), |path, part| path.join(&part.service, 1).inner())
}

/// The nearest name in that layer; else a service of this very name elsewhere, with the path that reaches it.
fn suggestion(
    lab: &Lab,
    from: &LayerPath,
    written: &Target,
    layer: &LayerPath,
    name: &ServiceName,
) -> String {
    let path_to = |addr: &Addr| match written {
        Target::Relative(_) if addr.is_within(from) => {
            let parts: Vec<String> = addr.parts()[from.depth()..].iter().map(ToString::to_string).collect();
            parts.join("/")
        }
        _ => format!("/{addr}"),
    };
    let known: Vec<&str> = lab
        .topology
        .layer(layer)
        .map(|layer| layer.services.keys().map(ServiceName::as_str).collect())
        .unwrap_or_default();
    let near = nearest(name.as_str(), known.iter().copied()).and_then(|near| ServiceName::new(near).ok());
    let elsewhere = || lab.layers.iter().find(|(_, other)| other.services.contains_key(name));
    if let Some(near) = near {
        return format!("Did you mean `{}`?", path_to(&layer.join(&near, 1)));
    }
    if let Some((path, _)) = elsewhere() {
        return format!("Did you mean `{}`?", path_to(&path.join(name, 1)));
    }
    match (known.as_slice(), layer.node()) {
        ([], Some(node)) => format!("`{node}` has no inner services."),
        (known, _) => instead(name.as_str(), known, "services of that layer"),
    }
}
