//! `volumes` of a service.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch, Whole};

use super::several::Pairs;

/// A mount: `[SOURCE:]TARGET[:OPTIONS]`, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, example = &"./conf:/etc/conf:ro", example = &"data:/var/lib/data"))]
pub(crate) enum ServiceVolumeForm {
    #[serde(rename = "scalar")]
    Short(String),
    #[serde(rename = "mapping")]
    Long(Box<ServiceVolume>),
}

/// A mount as a mapping.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["type"])))]
pub(crate) struct ServiceVolume {
    /// What is mounted.
    #[serde(rename = "type")]
    pub(crate) kind: Field<MountType>,
    /// Path of a bind, name of a volume, or reference of an image.
    pub(crate) source: Field<String>,
    /// Path inside the container.
    pub(crate) target: Field<String>,
    /// Not writable inside.
    pub(crate) read_only: Field<Switch>,
    /// Accepted for Compose's sake; means nothing on Linux.
    pub(crate) consistency: Field<String>,
    /// Options of a bind.
    pub(crate) bind: Field<BindOptions>,
    /// Options of a volume.
    pub(crate) volume: Field<VolumeOptions>,
    /// Options of a tmpfs.
    pub(crate) tmpfs: Field<TmpfsOptions>,
    /// Options of an image.
    pub(crate) image: Field<ImageOptions>,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum MountType {
    /// A path of the machine.
    Bind,
    /// A volume of the engine.
    Volume,
    /// Memory.
    Tmpfs,
    /// A volume of a Swarm cluster; refused.
    Cluster,
    /// A named pipe of Windows; refused.
    Npipe,
    /// The files of an image, not writable.
    Image,
}

/// Options of a bind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BindOptions {
    /// Mount propagation.
    #[cfg_attr(test, schemars(example = &"rshared"))]
    pub(crate) propagation: Field<String>,
    /// Make a directory where nothing is (otherwise it is an error).
    pub(crate) create_host_path: Field<Switch>,
    /// SELinux label: `z` or `Z`.
    pub(crate) selinux: Field<String>,
    /// What becomes of mounts below it: `enabled`, `disabled`, `writable` or `readonly`.
    #[cfg_attr(test, schemars(example = &"readonly"))]
    pub(crate) recursive: Field<String>,
}

/// Options of a volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VolumeOptions {
    /// Do not fill it from the image.
    pub(crate) nocopy: Field<Switch>,
    /// A path within it.
    pub(crate) subpath: Field<String>,
    /// Labels of an anonymous volume.
    pub(crate) labels: Field<Pairs>,
}

/// Options of an image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ImageOptions {
    /// A path within it.
    pub(crate) subpath: Field<String>,
}

/// Options of a tmpfs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TmpfsOptions {
    /// Bytes.
    #[cfg_attr(test, schemars(example = &"64m"))]
    pub(crate) size: Field<Plain>,
    /// Permission bits.
    pub(crate) mode: Field<Whole>,
}
