//! `provider` and `models`: what others than the engine look after.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Whole};
use crate::spec::read::list::List;

use super::network::Nullable;

/// A program of the user's machine that stands in for a container: a plugin of the Docker CLI, or one in `PATH`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["type"])))]
pub(crate) struct Provider {
    /// Its name.
    pub(crate) r#type: Field<String>,
    /// Its options; each becomes `--NAME=VALUE`.
    pub(crate) options: Field<Dict<ProviderOption>>,
}

/// A value, or several.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum ProviderOption {
    #[serde(rename = "scalar")]
    One(Plain),
    #[serde(rename = "list")]
    Many(List<Plain>),
}

/// A language model of the layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["model"])))]
#[expect(clippy::struct_field_names, reason = "the words of the language")]
pub(crate) struct Model {
    /// A name, for people.
    pub(crate) name: Field<String>,
    /// The model, an OCI reference.
    #[cfg_attr(test, schemars(example = &"ai/smollm2"))]
    pub(crate) model: Field<String>,
    /// Tokens of its context.
    pub(crate) context_size: Field<Whole>,
    /// Flags of the program that runs it.
    pub(crate) runtime_flags: Field<List<String>>,
}

/// Models that a service uses: names, or names and the variables that tell of them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum ModelUses {
    #[serde(rename = "list")]
    Names(List<String>),
    #[serde(rename = "mapping")]
    Options(Dict<Nullable<ModelUse>>),
}

/// The variables that tell a service of a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ModelUse {
    /// Variable with the address; otherwise `<NAME>_URL`.
    pub(crate) endpoint_var: Field<String>,
    /// Variable with the name; otherwise `<NAME>_MODEL`.
    pub(crate) model_var: Field<String>,
}
