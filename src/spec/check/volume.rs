//! Every named volume that a service mounts is one of its layer's.

use crate::diag::code::Code;
use crate::model::container::MountSource;
use crate::spec::read::words::instead;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    for (_, layer) in &lab.layers {
        let known: Vec<&str> = layer.volumes.keys().map(String::as_str).collect();
        for service in layer.services.values() {
            for mount in &service.spec.mounts {
                let MountSource::Volume { name: Some(name), .. } = &mount.source else { continue };
                if layer.volumes.contains_key(name) {
                    continue;
                }
                let place = service.spans.get(&format!("volumes.{name}"));
                let message = format!("there is no volume `{name}` in this layer");
                let help = match known.as_slice() {
                    [] => format!(
                        "Define it: add `{name}:` to `volumes` of the layer; a path begins with `./`, `/` or `~/`."
                    ),
                    known => instead(name, known, "volumes of the layer"),
                };
                lab.problems.error(
                    Code::UnknownVolume,
                    place.unwrap_or(service.span_of("volumes")),
                    message,
                    help,
                );
            }
        }
    }
}
