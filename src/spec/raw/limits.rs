//! Limits, devices, logging.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Whole};
use crate::spec::read::list::List;

use super::several::Pairs;

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

/// `gpus`: `all`, or a list of requests.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum Gpus {
    #[serde(rename = "scalar")]
    All(String),
    #[serde(rename = "list")]
    Requests(List<DeviceRequest>),
}

/// Devices that a driver of the engine chooses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeviceRequest {
    /// What the devices must be capable of.
    #[cfg_attr(test, schemars(example = ["gpu", "utility"]))]
    pub(crate) capabilities: Field<List<String>>,
    /// The driver.
    #[cfg_attr(test, schemars(example = &"nvidia"))]
    pub(crate) driver: Field<String>,
    /// How many, or `all`; otherwise all that `device_ids` names, or all.
    pub(crate) count: Field<Plain>,
    /// Which; in place of `count`.
    pub(crate) device_ids: Field<List<Plain>>,
    /// Options of the driver.
    pub(crate) options: Field<Pairs>,
}

/// `blkio_config`: weights and limits of block devices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BlkioConfig {
    /// Weight against other containers, from 10 to 1000.
    pub(crate) weight: Field<Whole>,
    /// Weights on single devices.
    pub(crate) weight_device: Field<List<BlkioWeight>>,
    /// Bytes a second that may be read.
    pub(crate) device_read_bps: Field<List<BlkioLimit>>,
    /// Reads a second.
    pub(crate) device_read_iops: Field<List<BlkioLimit>>,
    /// Bytes a second that may be written.
    pub(crate) device_write_bps: Field<List<BlkioLimit>>,
    /// Writes a second.
    pub(crate) device_write_iops: Field<List<BlkioLimit>>,
}

/// The weight on one device.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BlkioWeight {
    /// The device.
    #[cfg_attr(test, schemars(example = &"/dev/sda"))]
    pub(crate) path: Field<String>,
    /// From 10 to 1000.
    pub(crate) weight: Field<Whole>,
}

/// The limit on one device.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BlkioLimit {
    /// The device.
    #[cfg_attr(test, schemars(example = &"/dev/sda"))]
    pub(crate) path: Field<String>,
    /// Bytes (also `12mb`) or operations a second.
    pub(crate) rate: Field<Plain>,
}

/// `credential_spec`: of a managed service account (Windows containers).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CredentialSpec {
    /// Name of a config.
    pub(crate) config: Field<String>,
    /// Path of a file.
    pub(crate) file: Field<String>,
    /// Name in the registry of Windows.
    pub(crate) registry: Field<String>,
}
