//! `ports` and `publish`.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::leaf::Plain;

/// A port: `[[HOST-IP:]HOST:]CONTAINER[/tcp|udp|sctp]`, each may be a range, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, example = &"8080:80", example = &"127.0.0.1::53/udp"))]
pub(crate) enum PortForm {
    #[serde(rename = "scalar")]
    Short(Plain),
    #[serde(rename = "mapping")]
    Long(Box<Port>),
}

/// A port as a mapping.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["target"])))]
pub(crate) struct Port {
    /// Port inside the container.
    pub(crate) target: Field<Plain>,
    /// Port of the engine's machine, or a range to choose from.
    pub(crate) published: Field<Plain>,
    /// Address of the engine's machine.
    pub(crate) host_ip: Field<String>,
    /// `tcp`, `udp` or `sctp`.
    pub(crate) protocol: Field<String>,
    /// `host` or `ingress`; both publish on the engine's machine.
    pub(crate) mode: Field<String>,
    /// A name, for people.
    pub(crate) name: Field<String>,
    /// The application's protocol, for people.
    pub(crate) app_protocol: Field<String>,
}
