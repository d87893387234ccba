//! `deploy`.

use serde::Deserialize;

use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Whole};
use crate::spec::read::list::List;

use super::limits::DeviceRequest;
use super::several::Pairs;

/// `deploy`: replicas, limits, restart policy. What only a cluster can do is read and means nothing on one engine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Deploy {
    /// Number of replicas.
    pub(crate) replicas: Field<Whole>,
    /// `replicated`, or another of Swarm's modes, which mean nothing on one engine.
    #[cfg_attr(test, schemars(example = &"replicated"))]
    pub(crate) mode: Field<String>,
    /// `vip` or `dnsrr`; means nothing on one engine.
    pub(crate) endpoint_mode: Field<String>,
    /// Labels of the service, not of its containers; means nothing on one engine.
    pub(crate) labels: Field<Pairs>,
    /// Limits and reservations.
    pub(crate) resources: Field<Resources>,
    /// When the engine starts a container again; wins over `restart`.
    pub(crate) restart_policy: Field<DeployRestart>,
    /// Which machines of a cluster; means nothing on one engine.
    pub(crate) placement: Field<Placement>,
    /// How a cluster replaces containers; means nothing on one engine.
    pub(crate) update_config: Field<UpdateConfig>,
    /// How a cluster goes back to the old containers; means nothing on one engine.
    pub(crate) rollback_config: Field<UpdateConfig>,
}

/// `resources` of `deploy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Resources {
    /// The most that a container gets.
    pub(crate) limits: Field<Limits>,
    /// What a container gets at least.
    pub(crate) reservations: Field<Reservations>,
}

/// The most that a container gets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Limits {
    /// Number of CPUs.
    #[cfg_attr(test, schemars(example = &"0.5"))]
    pub(crate) cpus: Field<Plain>,
    /// Bytes of memory.
    #[cfg_attr(test, schemars(example = &"64m"))]
    pub(crate) memory: Field<Plain>,
    /// Number of processes.
    pub(crate) pids: Field<Whole>,
}

/// What a container gets at least.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reservations {
    /// Number of CPUs; means nothing on one engine.
    #[cfg_attr(test, schemars(example = &"0.25"))]
    pub(crate) cpus: Field<Plain>,
    /// Bytes of memory that it keeps when memory is short.
    #[cfg_attr(test, schemars(example = &"32m"))]
    pub(crate) memory: Field<Plain>,
    /// Devices that a driver of the engine chooses.
    pub(crate) devices: Field<List<DeviceRequest>>,
    /// Resources that the user of a cluster defines; mean nothing on one engine.
    pub(crate) generic_resources: Field<List<GenericResource>>,
}

/// A resource that the user of a cluster defines.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GenericResource {
    /// A countable one.
    pub(crate) discrete_resource_spec: Field<DiscreteResource>,
}

/// A countable resource.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DiscreteResource {
    /// Its name.
    pub(crate) kind: Field<String>,
    /// How many.
    pub(crate) value: Field<Whole>,
}

/// `restart_policy` of `deploy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeployRestart {
    /// `none`, `on-failure`, `any`; Compose also takes the words of `restart`.
    #[cfg_attr(test, schemars(example = &"on-failure"))]
    pub(crate) condition: Field<String>,
    /// Time before it starts again; means nothing on one engine.
    pub(crate) delay: Field<Measure>,
    /// The most starts after failures.
    pub(crate) max_attempts: Field<Whole>,
    /// Time after which a start counts as good; means nothing on one engine.
    pub(crate) window: Field<Measure>,
}

/// Which machines of a cluster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Placement {
    /// What must hold of the machine.
    pub(crate) constraints: Field<List<String>>,
    /// How containers are spread.
    pub(crate) preferences: Field<List<Preference>>,
    /// The most containers on one machine.
    pub(crate) max_replicas_per_node: Field<Whole>,
}

/// How containers are spread.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Preference {
    /// The label whose values they are spread over.
    pub(crate) spread: Field<String>,
}

/// How a cluster replaces containers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpdateConfig {
    /// How many at a time.
    pub(crate) parallelism: Field<Whole>,
    /// Time between them.
    pub(crate) delay: Field<Measure>,
    /// `continue`, `pause` or `rollback`.
    pub(crate) failure_action: Field<String>,
    /// Time in which a failure counts.
    pub(crate) monitor: Field<Measure>,
    /// Part that may fail.
    pub(crate) max_failure_ratio: Field<Plain>,
    /// What comes first.
    pub(crate) order: Field<UpdateOrder>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UpdateOrder {
    /// The new one starts, then the old one stops.
    StartFirst,
    /// The old one stops, then the new one starts.
    StopFirst,
}
