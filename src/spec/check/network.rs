//! Every network that a service names is one of its layer's.

use crate::diag::code::Code;
use crate::spec::read::words::instead;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    for (_, layer) in &lab.layers {
        let known: Vec<&str> = layer.networks.keys().map(String::as_str).collect();
        for service in layer.services.values() {
            for key in service.spec.networks.keys().filter(|key| !layer.networks.contains_key(*key)) {
                let place = service.spans.get(&format!("networks.{key}"));
                let message = format!("there is no network `{key}` in this layer");
                let help = match known.as_slice() {
                    [] | ["default"] => format!("Define it: add `{key}:` to `networks` of the layer."),
                    known => instead(key, known, "networks of the layer"),
                };
                lab.problems.error(
                    Code::UnknownNetwork,
                    place.unwrap_or(service.span_of("networks")),
                    message,
                    help,
                );
            }
        }
    }
}
