//! `healthcheck` and `depends_on`.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Switch, Whole};
use crate::spec::read::list::List;

use super::several::CommandLine;

/// How the engine finds out whether a container is healthy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Healthcheck {
    /// A shell line, or `["CMD", …]`, `["CMD-SHELL", line]`, `["NONE"]`.
    #[cfg_attr(test, schemars(example = &"curl -f http://localhost/"))]
    pub(crate) test: Field<CommandLine>,
    /// Time between two runs.
    #[cfg_attr(test, schemars(example = &"10s"))]
    pub(crate) interval: Field<Measure>,
    /// Limit of one run.
    pub(crate) timeout: Field<Measure>,
    /// Failures in a row until the container is unhealthy.
    pub(crate) retries: Field<Whole>,
    /// Time after the start in which failures do not count.
    pub(crate) start_period: Field<Measure>,
    /// Time between two runs within the start period.
    pub(crate) start_interval: Field<Measure>,
    /// Turns the image's health check off.
    pub(crate) disable: Field<Switch>,
}

/// What a service needs before it starts: names of services of this layer, paths to services below it (`vm1/web`),
/// or paths from the root (`/vm1/web`).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum DependsOn {
    /// Names alone: wait until nodes are ready and other services have started.
    #[serde(rename = "list")]
    Names(List<String>),
    /// Names and what to wait for.
    #[serde(rename = "mapping")]
    Conditions(Dict<Dependency>),
}

/// One dependency.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Dependency {
    /// What to wait for.
    pub(crate) condition: Field<Condition>,
    /// `false`: go on if it fails or does not exist in the active profiles.
    pub(crate) required: Field<Switch>,
    /// Restart this service when nestctl restarts the dependency.
    pub(crate) restart: Field<Switch>,
}

/// What a dependency waits for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Condition {
    /// The container runs.
    #[serde(rename = "service_started")]
    Started,
    /// Its health check passes.
    #[serde(rename = "service_healthy")]
    Healthy,
    /// It has ended with exit code 0.
    #[serde(rename = "service_completed_successfully")]
    Completed,
    /// Its engine answers and its whole inner layer is up.
    #[serde(rename = "service_ready")]
    Ready,
}
