//! What names other files and services: `include` and `extends`.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::list::List;

use super::several::OneOrMany;

/// An entry of `include`: a path, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum IncludeForm {
    /// A path, relative to the project directory of the file that names it.
    #[serde(rename = "scalar")]
    Path(String),
    #[serde(rename = "mapping")]
    Options(Box<Include>),
}

/// All of `include`.
pub(crate) type Includes = List<IncludeForm>;

/// An entry of `include`, with options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["path"])))]
pub(crate) struct Include {
    /// The file, or several that are merged in order.
    pub(crate) path: Field<OneOrMany>,
    /// Where the relative paths of the file start; otherwise its own directory.
    pub(crate) project_directory: Field<String>,
    /// Files with variables for it; otherwise `.env` of its project directory.
    pub(crate) env_file: Field<OneOrMany>,
}

/// The service that a service is based on: one of the same file, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum ExtendsForm {
    #[serde(rename = "scalar")]
    Service(String),
    #[serde(rename = "mapping")]
    Options(Box<Extends>),
}

/// The service that a service is based on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["service"])))]
pub(crate) struct Extends {
    /// Its name.
    pub(crate) service: Field<String>,
    /// The file it stands in, if it is another.
    pub(crate) file: Field<String>,
}
