//! Limits, devices, logging, `deploy`.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Whole};
use crate::spec::read::unread::NotYet;

/// A resource limit: one number, or soft and hard.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum UlimitForm {
    #[serde(rename = "scalar")]
    Both(Whole),
    #[serde(rename = "mapping")]
    Each(Ulimit),
}

/// Soft and hard limit; -1 for none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["soft", "hard"])))]
pub(crate) struct Ulimit {
    /// The limit that counts.
    pub(crate) soft: Field<Whole>,
    /// The most that the process may raise it to.
    pub(crate) hard: Field<Whole>,
}

/// A device: `PATH[:PATH-INSIDE[:rwm]]`, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum DeviceForm {
    #[serde(rename = "scalar")]
    Short(String),
    #[serde(rename = "mapping")]
    Long(Box<Device>),
}

/// A device of the engine's machine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["source"])))]
pub(crate) struct Device {
    /// Path on the engine's machine.
    pub(crate) source: Field<String>,
    /// Path inside; otherwise the same.
    pub(crate) target: Field<String>,
    /// Some of `rwm`.
    pub(crate) permissions: Field<String>,
}

/// Log driver.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Logging {
    /// Its name.
    #[cfg_attr(test, schemars(example = &"json-file"))]
    pub(crate) driver: Field<String>,
    /// Its options.
    pub(crate) options: Field<Dict<Plain>>,
}

/// `deploy`: replicas and limits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Deploy {
    /// Number of replicas.
    pub(crate) replicas: Field<Whole>,
    /// Limits.
    pub(crate) resources: Field<Resources>,
    pub(crate) mode: Field<NotYet>,
    pub(crate) endpoint_mode: Field<NotYet>,
    pub(crate) labels: Field<NotYet>,
    pub(crate) update_config: Field<NotYet>,
    pub(crate) rollback_config: Field<NotYet>,
    pub(crate) restart_policy: Field<NotYet>,
    pub(crate) placement: Field<NotYet>,
}

/// `resources` of `deploy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Resources {
    /// The most that a container gets.
    pub(crate) limits: Field<Limits>,
    pub(crate) reservations: Field<NotYet>,
}

/// The most that a container gets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Limits {
    /// Number of CPUs.
    #[cfg_attr(test, schemars(example = &"0.5"))]
    pub(crate) cpus: Field<Plain>,
    /// Bytes of memory.
    #[cfg_attr(test, schemars(example = &"64m"))]
    pub(crate) memory: Field<Plain>,
    /// Number of processes.
    pub(crate) pids: Field<Whole>,
}
