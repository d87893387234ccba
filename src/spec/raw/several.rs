//! Shapes that many keys share.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::leaf::Plain;
use crate::spec::read::list::List;

/// One text or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum OneOrMany {
    #[serde(rename = "scalar")]
    One(String),
    #[serde(rename = "list")]
    Many(List<String>),
}

/// A command line: a text that is split into words, or the words.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum CommandLine {
    #[serde(rename = "scalar")]
    Line(String),
    #[serde(rename = "list")]
    Words(List<String>),
}

/// Lines of /etc/hosts: a list of `NAME=ADDRESS` or `NAME:ADDRESS`, or a mapping of names to addresses.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum Hosts {
    #[serde(rename = "list")]
    Lines(List<String>),
    #[serde(rename = "mapping")]
    Mapping(Dict<OneOrMany>),
}

/// A mapping, or a list of `KEY=value`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged, inline))]
pub(crate) enum Pairs {
    #[serde(rename = "list")]
    Lines(List<Plain>),
    #[serde(rename = "mapping")]
    Mapping(Dict<NullablePlain>),
}

/// A value of a mapping of variables or labels; nothing is allowed (`KEY:`).
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct NullablePlain(pub(crate) Plain);

#[cfg(test)]
impl schemars::JsonSchema for NullablePlain {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NullablePlain".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "number", "boolean", "null"]})
    }
}
