//! The labels in which nestctl keeps its state, on the engines' own objects and nowhere else, and Compose's
//! own, so that other tools group the lab. Stable: a change needs a new [`VERSION`].

use super::map::Map;

/// Labels of an object.
pub type Labels = Map<String, String>;

/// Project name of the lab (the root layer's).
pub const PROJECT: &str = "io.nestctl.project";
/// ID of the root engine, so that two labs of one name through one shared inner engine stay apart.
pub const ROOT: &str = "io.nestctl.root";
/// Address of the service, or path of the layer for networks and volumes.
pub const ADDRESS: &str = "io.nestctl.address";
/// Kind of a node; absent on a plain service.
pub const KIND: &str = "io.nestctl.kind";
/// Hash of what the engine was asked for: `<file's part>` or `<file's part>.<kind's part>`.
pub const FINGERPRINT: &str = "io.nestctl.fingerprint";
/// What [`FINGERPRINT`] is the hash of, a line a field, with digests in place of secrets and of what is long: from it
/// the next plan tells what has changed. It decides nothing.
pub const ASKED: &str = "io.nestctl.asked";
/// Version of this label scheme.
pub const VERSION_KEY: &str = "io.nestctl.version";
/// The version that this program writes.
pub const VERSION: &str = "1";
/// How to dial a node's engine (`Dial::to_label`).
pub const ENGINE: &str = "io.nestctl.engine";
/// Addresses that this service needs, separated by spaces: the order of teardown.
pub const NEEDS: &str = "io.nestctl.needs";
/// What is more than [`NEEDS`] says: `<address>=<stage>[,restart]`, separated by spaces. What `start` waits for, and
/// whom `restart` restarts with it.
pub const AWAITS: &str = "io.nestctl.awaits";
/// Replica number.
pub const NUMBER: &str = "io.nestctl.number";
/// `<layer>=<ID>`: the image's ID on the engine of the layer that it was copied from (or on the container's own).
/// Compared with that engine only, never across image stores.
pub const IMAGE: &str = "io.nestctl.image";
/// Address pool of a node's engine.
pub const POOL: &str = "io.nestctl.pool";
/// The console line that a node prints when it has booted, where its kind has one.
pub const BOOT: &str = "io.nestctl.boot";
/// Anonymous volumes that a container mounts by name, as it has them from the one before it, separated by spaces. An engine
/// removes with a container only what was mounted without a name, so these are removed by name.
pub const INHERITED: &str = "io.nestctl.inherited";
/// Digest of the user's files that were copied in, where the engine does not see them.
pub const FILES: &str = "io.nestctl.files";
/// What runs in the container before it is stopped: JSON, so that `stop` and `down` know it without the file.
pub const PRE_STOP: &str = "io.nestctl.pre-stop";
/// How many `pre_start` the service has: what has never been started must not be without the file.
pub const PRE_START: &str = "io.nestctl.pre-start";
/// What runs in the container after it was started: JSON, so that `start` and `restart` know it without the file.
pub const POST_START: &str = "io.nestctl.post-start";
/// What an object is for, where it is not a service's container, network or volume: `data` (an engine's data
/// volume), `files` (a volume of configs), `helper` (a container that fills one, or that thaws a node), `hook` (one that runs a
/// `pre_start`).
pub const ROLE: &str = "io.nestctl.role";
/// The [`ROLE`] of a volume of configs and secrets.
pub const ROLE_FILES: &str = "files";
/// The [`ROLE`] of a container that runs a `pre_start`.
pub const ROLE_HOOK: &str = "hook";
/// The [`ROLE`] of a container that does something for another and goes again.
pub const ROLE_HELPER: &str = "helper";

/// The [`ROLE`] of a one-off container (`run`).
pub const ROLE_RUN: &str = "run";

/// Compose's project label.
pub const COMPOSE_PROJECT: &str = "com.docker.compose.project";
/// Compose's service label.
pub const COMPOSE_SERVICE: &str = "com.docker.compose.service";
/// Compose's replica number.
pub const COMPOSE_NUMBER: &str = "com.docker.compose.container-number";
/// Compose's mark of one-off containers.
pub const COMPOSE_ONEOFF: &str = "com.docker.compose.oneoff";
/// Compose's random name of a one-off container.
pub const COMPOSE_SLUG: &str = "com.docker.compose.slug";
/// Compose's network key.
pub const COMPOSE_NETWORK: &str = "com.docker.compose.network";
/// Compose's volume key.
pub const COMPOSE_VOLUME: &str = "com.docker.compose.volume";
