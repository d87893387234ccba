//! A layer: the root of a lab file, and of `inner`.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Plain;
use crate::spec::read::list::List;
use crate::spec::read::unread::{NotYet, Unread};

use super::delegate::Model;
use super::network::{Network, Nullable, Volume};
use super::reference::Includes;
use super::service::Service;
use super::stored_file::FileDefinition;

/// A lab file, or what runs on the engine of a node: a Compose project whose services may have an `engine` and an
/// `inner` layer, to any depth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Layer {
    /// Project name; otherwise the name of the directory, and of inner layers `<parent>-<node>`.
    #[cfg_attr(test, schemars(example = &"poc"))]
    pub(crate) name: Field<String>,
    /// The containers.
    pub(crate) services: Field<Dict<Unread<Service>>>,
    /// Networks, by key.
    pub(crate) networks: Field<Dict<Nullable<Network>>>,
    /// Volumes, by key.
    pub(crate) volumes: Field<Dict<Nullable<Volume>>>,
    /// Configs, by key.
    pub(crate) configs: Field<Dict<FileDefinition>>,
    /// Secrets, by key.
    pub(crate) secrets: Field<Dict<FileDefinition>>,
    /// Images to have on the layer's engine before anything starts.
    #[cfg_attr(test, schemars(example = ["busybox", "nginx:1.27"]))]
    pub(crate) images: Field<List<String>>,
    /// Language models, by key.
    pub(crate) models: Field<Dict<Model>>,
    /// Means nothing any more.
    pub(crate) version: Field<Plain>,
    /// Other Compose files, each a project with a directory and variables of its own, whose services are taken in.
    pub(crate) include: Field<Unread<Includes>>,
    pub(crate) extends: Field<NotYet>,
    pub(crate) kubernetes: Field<NotYet>,
}

/// `inner` of a node: a layer, or the path of a file that holds one, or several that are merged.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum Inner {
    /// A path, relative to the file that names it.
    #[serde(rename = "scalar")]
    File(String),
    /// Paths, merged in order.
    #[serde(rename = "list")]
    Files(List<String>),
    /// The layer itself.
    #[serde(rename = "mapping")]
    Inline(Unread<Layer>),
}
