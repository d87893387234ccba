//! `build` of a service (compose-spec `build.md`).

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch};
use crate::spec::read::list::List;

use super::limits::UlimitForm;
use super::several::{Hosts, OneOrMany, Pairs};
use super::stored_file::FileUseForm;

/// How an image is built: the context, or a mapping.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum BuildForm {
    #[serde(rename = "scalar")]
    Context(String),
    #[serde(rename = "mapping")]
    Options(Box<Build>),
}

/// How an image is built.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Build {
    /// Directory with the files of the build, or the address of a Git repository or of an archive; otherwise `.`.
    #[cfg_attr(test, schemars(example = &"./app"))]
    pub(crate) context: Field<String>,
    /// The Dockerfile, relative to the context; otherwise `Dockerfile`.
    pub(crate) dockerfile: Field<String>,
    /// The text of the Dockerfile itself.
    pub(crate) dockerfile_inline: Field<String>,
    /// Values of `ARG`. A key without a value takes the one of nestctl's own environment.
    pub(crate) args: Field<Pairs>,
    /// Agents of ssh that `RUN --mount=type=ssh` sees: `default`, or `ID=SOCKET`.
    pub(crate) ssh: Field<Pairs>,
    /// Where finished steps may be taken from.
    pub(crate) cache_from: Field<List<String>>,
    /// Where finished steps are put.
    pub(crate) cache_to: Field<List<String>>,
    /// Every step is done anew.
    pub(crate) no_cache: Field<Switch>,
    /// Stages whose steps are done anew.
    pub(crate) no_cache_filter: Field<OneOrMany>,
    /// Base images are pulled although they are there.
    pub(crate) pull: Field<Switch>,
    /// More contexts, by name: a directory, an address, `docker-image://IMAGE` or `service:NAME`.
    pub(crate) additional_contexts: Field<Pairs>,
    /// Network of `RUN`: `none`, `host` or `default`.
    pub(crate) network: Field<String>,
    /// More lines of /etc/hosts for `RUN`: `NAME=ADDRESS`.
    pub(crate) extra_hosts: Field<Hosts>,
    /// Isolation technology; `default` is the only one on Linux.
    pub(crate) isolation: Field<String>,
    /// Extended privileges for `RUN --security=insecure`.
    pub(crate) privileged: Field<Switch>,
    /// What the build may do beyond the usual: `network.host`, `security.insecure`.
    pub(crate) entitlements: Field<List<String>>,
    /// Labels of the image.
    pub(crate) labels: Field<Pairs>,
    /// Size of /dev/shm for `RUN`.
    #[cfg_attr(test, schemars(example = &"64m"))]
    pub(crate) shm_size: Field<Plain>,
    /// The stage to build.
    pub(crate) target: Field<String>,
    /// Secrets of this layer that `RUN --mount=type=secret` sees.
    pub(crate) secrets: Field<List<FileUseForm>>,
    /// More names of the image.
    pub(crate) tags: Field<List<String>>,
    /// Resource limits of `RUN`.
    pub(crate) ulimits: Field<Dict<UlimitForm>>,
    /// Platforms to build for: `os/arch[/variant]`.
    pub(crate) platforms: Field<List<String>>,
    /// An attestation of how the image was made.
    pub(crate) provenance: Field<Plain>,
    /// An attestation of what is in the image.
    pub(crate) sbom: Field<Plain>,
}
