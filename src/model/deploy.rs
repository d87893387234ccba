//! `deploy` as written: what of it counts on one engine stands in the container's specification and in the
//! service's scale as well.

use std::collections::BTreeMap;
use std::time::Duration;

use super::container::RestartPolicy;

/// `deploy`, every part of it read and checked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Deploy {
    /// Number of replicas.
    pub replicas: Option<u32>,
    /// `replicated`, …
    pub mode: Option<String>,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: Option<String>,
    /// Labels of the service.
    pub labels: BTreeMap<String, String>,
    /// Limit in 1e-9 CPUs.
    pub limit_cpus: Option<i64>,
    /// Limit in bytes.
    pub limit_memory: Option<i64>,
    /// Limit of processes.
    pub limit_pids: Option<i64>,
    /// Reservation in 1e-9 CPUs.
    pub reserved_cpus: Option<i64>,
    /// Reservation in bytes.
    pub reserved_memory: Option<i64>,
    /// Resources of a cluster: name and number.
    pub generic_resources: Vec<(String, i64)>,
    /// Restart policy.
    pub restart: Option<DeployRestart>,
    /// Which machines.
    pub placement: Option<Placement>,
    /// How containers are replaced.
    pub update: Option<UpdateConfig>,
    /// How that is undone.
    pub rollback: Option<UpdateConfig>,
}

/// `restart_policy`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeployRestart {
    /// The word of the file.
    pub condition: Option<String>,
    /// Time before a start.
    pub delay: Option<Duration>,
    /// The most starts.
    pub max_attempts: Option<u32>,
    /// Time after which a start counts as good.
    pub window: Option<Duration>,
    /// What it means to one engine.
    pub means: RestartPolicy,
}

/// `placement`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Placement {
    /// What must hold of the machine.
    pub constraints: Vec<String>,
    /// Labels whose values the containers are spread over.
    pub spread: Vec<String>,
    /// The most containers on one machine.
    pub max_replicas_per_node: Option<u64>,
}

/// `update_config` and `rollback_config`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpdateConfig {
    /// How many at a time.
    pub parallelism: Option<u64>,
    /// Time between them.
    pub delay: Option<Duration>,
    /// What happens after a failure.
    pub failure_action: Option<String>,
    /// Time in which a failure counts.
    pub monitor: Option<Duration>,
    /// Part that may fail, as written.
    pub max_failure_ratio: Option<String>,
    /// `start-first` or `stop-first`.
    pub order: Option<&'static str>,
}
