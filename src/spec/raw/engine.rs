//! `engine` of a service.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Whole};
use crate::spec::read::list::List;

use super::anything::JsonObject;
use super::several::OneOrMany;

/// The container engine that a service hosts: a kind, or a mapping with options. The service is then a node, and
/// its `inner` layer runs on that engine.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum EngineForm {
    /// The kind alone.
    #[serde(rename = "scalar")]
    Kind(#[cfg_attr(test, schemars(with = "crate::spec::schema::KindName"))] String),
    /// The kind and its options.
    #[serde(rename = "mapping")]
    Options(Box<Engine>),
}

/// An engine with options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["kind"])))]
pub(crate) struct Engine {
    /// How the node hosts its engine.
    #[cfg_attr(test, schemars(with = "crate::spec::schema::KindName"))]
    pub(crate) kind: Field<String>,
    /// More arguments for the inner daemon.
    #[cfg_attr(test, schemars(example = ["--debug"]))]
    pub(crate) args: Field<List<String>>,
    /// Merged into the daemon's configuration file (`daemon.json`).
    pub(crate) config: Field<JsonObject>,
    /// Where the inner engine keeps its data: `volume` (a named volume, kept by `down` and removed by `down -v`),
    /// `{volume: NAME}`, or `tmpfs` (memory, gone with the container).
    pub(crate) data: Field<DataForm>,
    /// Addresses (CIDR) from which the inner engine takes its networks; otherwise one is chosen that overlaps
    /// nothing around it.
    #[cfg_attr(test, schemars(example = &"10.210.0.0/16"))]
    pub(crate) address_pool: Field<String>,
    /// Largest packet of inner networks, in bytes; otherwise the parent's.
    #[cfg_attr(test, schemars(example = 1450))]
    pub(crate) mtu: Field<Whole>,
    /// Mirrors of Docker Hub that the inner engine asks first.
    pub(crate) registry_mirrors: Field<List<String>>,
    /// Registries that the inner engine reaches without TLS.
    #[cfg_attr(test, schemars(example = ["registry:5000"]))]
    pub(crate) insecure_registries: Field<List<String>>,
    /// Limit from the start of the node to its engine's answer.
    #[cfg_attr(test, schemars(example = &"3m"))]
    pub(crate) ready_timeout: Field<Measure>,
    /// Path of the engine's socket on the machine whose engine is shared (kind `socket`).
    pub(crate) path: Field<String>,
    /// Address of the engine as the node sees it (kind `tcp`).
    #[cfg_attr(test, schemars(example = &"tcp://dind:2376"))]
    pub(crate) host: Field<String>,
    /// Directory in the node with `ca.pem`, `cert.pem` and `key.pem`, or `true` for `/certs/client` (kind `tcp`).
    pub(crate) tls: Field<Plain>,
    /// Who may log in by ssh (kinds with an ssh server).
    pub(crate) ssh: Field<Ssh>,
    /// Files with certificates (PEM) that the node and its engine trust.
    pub(crate) ca: Field<OneOrMany>,
}

/// Where an engine keeps its data.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum DataForm {
    #[serde(rename = "scalar")]
    Word(#[cfg_attr(test, schemars(with = "crate::spec::schema::DataWord"))] String),
    #[serde(rename = "mapping")]
    Named(EngineData),
}

/// A volume with a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["volume"])))]
pub(crate) struct EngineData {
    /// Name of the volume on the node's engine.
    pub(crate) volume: Field<String>,
}

/// Access by ssh.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["authorized_keys"])))]
pub(crate) struct Ssh {
    /// The user who may log in; otherwise `root`.
    pub(crate) user: Field<String>,
    /// Public keys, or paths of files with them.
    #[cfg_attr(test, schemars(example = &"~/.ssh/id_ed25519.pub"))]
    pub(crate) authorized_keys: Field<OneOrMany>,
}
