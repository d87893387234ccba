//! One port of the root engine's machine cannot belong to several replicas.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::span::Span;
use crate::model::topology::Layer;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    walk(lab, &LayerPath::root(), &lab.topology.root, None);
}

/// `scaled` is the nearest service around this layer, or of it, that has replicas.
fn walk(lab: &Lab, path: &LayerPath, layer: &Layer, scaled: Option<(&str, u32, Span)>) {
    for service in layer.services.values() {
        let own = || {
            (
                service.name.as_str(),
                service.scale,
                service.span_of(if service.spans.contains("scale") { "scale" } else { "deploy" }),
            )
        };
        let scaled = if service.scale > 1 { Some(own()) } else { scaled };
        if let Some((name, count, place)) = scaled {
            // In `ports` the nodes around are machines of their own: only the service's own replicas share one.
            let shared = service.spec.ports.iter().filter(|_| service.scale > 1);
            let ports = shared.map(|port| (port, service.span_of("ports")));
            let published = service.publish.iter().map(|port| (&port.value, port.span));
            for (port, span) in ports.chain(published) {
                let Some((low, high)) = port.host else { continue };
                if u32::from(high - low) + 1 >= count {
                    continue;
                }
                let message = format!("{count} replicas of `{name}` cannot share the port {low}");
                let help = format!(
                    "Leave the host port out (`\"{}\"`), or give a range of at least {count} ports.",
                    port.container
                );
                lab.problems.push(
                    Diagnostic::error(Code::Contradiction, message)
                        .at(span, "one port")
                        .at(place, "several replicas")
                        .help(help),
                );
            }
        }
        if let Some(node) = &service.node {
            walk(lab, &path.join(&service.name, 1).inner(), &node.inner, scaled);
        }
    }
}
