//! `post_start`, `pre_stop`, `pre_start`, and `develop`.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;
use crate::spec::read::list::List;

use super::several::{CommandLine, OneOrMany, Pairs};

/// A program that runs in the container of the service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["command"])))]
pub(crate) struct Hook {
    /// Program and arguments.
    pub(crate) command: Field<CommandLine>,
    /// User; otherwise the container's.
    pub(crate) user: Field<String>,
    /// Extended privileges.
    pub(crate) privileged: Field<Switch>,
    /// Working directory; otherwise the container's.
    pub(crate) working_dir: Field<String>,
    /// Environment, over the container's own.
    pub(crate) environment: Field<Pairs>,
}

/// A program that runs to its end in a container of its own, with the networks and volumes of the service, before the
/// service starts for the first time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InitHook {
    /// Program and arguments; otherwise the image's.
    pub(crate) command: Field<CommandLine>,
    /// Image; otherwise the service's.
    pub(crate) image: Field<String>,
    /// User; otherwise the image's.
    pub(crate) user: Field<String>,
    /// Extended privileges.
    pub(crate) privileged: Field<Switch>,
    /// Working directory; otherwise the image's.
    pub(crate) working_dir: Field<String>,
    /// Environment, over the service's own.
    pub(crate) environment: Field<Pairs>,
    /// Once for each replica, not once for the service.
    pub(crate) per_replica: Field<Switch>,
}

/// For `watch`: what follows when files of the user's machine change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Develop {
    /// Paths, and what follows a change there.
    pub(crate) watch: Field<List<Watch>>,
}

/// A path to watch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["path", "action"])))]
pub(crate) struct Watch {
    /// Path beside the lab file.
    pub(crate) path: Field<String>,
    /// `rebuild`, `sync`, `restart`, `sync+restart` or `sync+exec`.
    #[cfg_attr(test, schemars(extend("enum" = ["rebuild", "sync", "restart", "sync+restart", "sync+exec"])))]
    pub(crate) action: Field<String>,
    /// Path in the container.
    pub(crate) target: Field<String>,
    /// Patterns of what is left out.
    pub(crate) ignore: Field<OneOrMany>,
    /// Patterns of what alone is watched.
    pub(crate) include: Field<OneOrMany>,
    /// What runs after `sync+exec`.
    pub(crate) exec: Field<Box<Hook>>,
    /// All is brought in step before the watch begins.
    pub(crate) initial_sync: Field<Switch>,
}
