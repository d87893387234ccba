//! Configs, secrets and `env_file`.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch, Whole};
use crate::spec::read::list::List;

use super::several::Pairs;

/// A config or secret of a layer: one of `file`, `content` and `environment`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FileDefinition {
    /// A file beside the lab file; containers see it live and cannot write it.
    pub(crate) file: Field<String>,
    /// The text itself.
    pub(crate) content: Field<String>,
    /// The value of a variable of the environment.
    pub(crate) environment: Field<String>,
    /// A name, for people.
    pub(crate) name: Field<String>,
    /// Made by somebody else, in a swarm: no container of a lab can use it.
    pub(crate) external: Field<External>,
    /// Labels; nothing bears them.
    pub(crate) labels: Field<Pairs>,
    /// Of a swarm: no container of a lab can use it.
    pub(crate) driver: Field<String>,
    /// Options of the driver.
    pub(crate) driver_opts: Field<Dict<Plain>>,
    /// Of a swarm: no container of a lab can use it.
    pub(crate) template_driver: Field<String>,
}

/// `true`, or the name that it has elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum External {
    #[serde(rename = "scalar")]
    Switch(Switch),
    #[serde(rename = "mapping")]
    Named(Box<ExternalName>),
}

/// The name that something has elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExternalName {
    /// In place of `name` beside it.
    pub(crate) name: Field<String>,
}

/// A config or secret of a service: its name, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum FileUseForm {
    #[serde(rename = "scalar")]
    Name(String),
    #[serde(rename = "mapping")]
    Options(Box<FileUse>),
}

/// A config or secret of a service, with options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["source"])))]
pub(crate) struct FileUse {
    /// Its name in the layer.
    pub(crate) source: Field<String>,
    /// Path inside; otherwise `/<name>` for configs and `/run/secrets/<name>` for secrets.
    pub(crate) target: Field<String>,
    /// Owner.
    pub(crate) uid: Field<Plain>,
    /// Group.
    pub(crate) gid: Field<Plain>,
    /// Permission bits; otherwise `0444`.
    #[cfg_attr(test, schemars(example = &"0440"))]
    pub(crate) mode: Field<Whole>,
}

/// Files with variables: a path, or a list of paths and mappings.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum EnvFiles {
    #[serde(rename = "scalar")]
    One(String),
    #[serde(rename = "list")]
    Many(List<EnvFileForm>),
}

/// A file with variables.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum EnvFileForm {
    #[serde(rename = "scalar")]
    Path(String),
    #[serde(rename = "mapping")]
    Options(Box<EnvFile>),
}

/// A file with variables, with options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["path"])))]
pub(crate) struct EnvFile {
    /// Its path.
    pub(crate) path: Field<String>,
    /// `false`: it may be missing.
    pub(crate) required: Field<Switch>,
    /// `raw`: values are taken as they are, without quotes and variables.
    pub(crate) format: Field<String>,
}
