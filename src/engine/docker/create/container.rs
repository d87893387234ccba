//! The request for a container: every field of [`ContainerSpec`] in the engine's words.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum,
    HostConfigIsolationEnum, HostConfigLogConfig, NetworkingConfig, PortBinding as ApiPortBinding,
    ResourcesBlkioWeightDevice, ResourcesUlimits, RestartPolicy as ApiRestartPolicy, RestartPolicyNameEnum,
};

use super::devices::{device_requests, is_cdi, throttles};
use super::mounts;
use super::network::endpoint_settings;
use super::some::{some, some_map};
use crate::engine::docker::transport::ApiMinor;
use crate::model::container::{
    ContainerSpec, Endpoint, Healthcheck, NetworkMode, PortBinding, RestartPolicy,
};
use crate::model::label::Labels;
use crate::model::observed::ImageDetail;
use crate::model::resources::Resources;

/// The first API with `StartInterval` in health checks.
const START_INTERVAL: ApiMinor = 44;

/// The first API that takes several networks at create.
const ALL_NETWORKS: ApiMinor = 44;

/// What the request for a container is made of.
pub(in crate::engine::docker) struct ContainerRequest<'a> {
    pub(in crate::engine::docker) spec: &'a ContainerSpec,
    /// Image on this engine.
    pub(in crate::engine::docker) image: &'a str,
    pub(in crate::engine::docker) labels: &'a Labels,
    /// The image, where the wrapper has to know what it starts.
    pub(in crate::engine::docker) detail: Option<&'a ImageDetail>,
    /// What the engine speaks.
    pub(in crate::engine::docker) api: ApiMinor,
}

/// Why a spec cannot be asked of an engine.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::engine::docker) enum CannotAsk {
    /// A name that only the planner can resolve.
    #[error("the network of service `{0}` is not resolved to a container")]
    UnresolvedService(String),
    /// No such word.
    #[error("`{value}` is not a value of `{key}`")]
    Word { key: &'static str, value: String },
    /// Too old an engine.
    #[error("this engine's API 1.{api} has no `{what}` (since 1.{since})")]
    TooOld { what: &'static str, since: ApiMinor, api: ApiMinor },
    /// The engine takes text.
    #[error("the path `{0}` is not UTF-8")]
    Path(String),
    /// `:` separates what a relabelled bind is written of, and there is no other way to ask for the label.
    #[error("a bind of `{0}` cannot be relabelled: its path holds a colon")]
    Colon(String),
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl ContainerRequest<'_> {
    /// The body of `POST /containers/create`.
    pub(in crate::engine::docker) fn body(&self) -> Result<ContainerCreateBody, CannotAsk> {
        let spec = self.spec;
        let (entrypoint, cmd) = self.program();
        let environment = spec.environment.iter().map(|(key, value)| match value {
            Some(value) => format!("{key}={value}"),
            // A name without `=` takes the variable out of the image's.
            None => key.clone(),
        });
        let first = first_network(spec);
        Ok(ContainerCreateBody {
            hostname: spec.hostname.clone(),
            domainname: spec.domainname.clone(),
            user: spec.user.clone(),
            exposed_ports: some(exposed(spec)),
            // As Compose asks, whether somebody attaches or not; `docker attach` works either way.
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: spec.tty.then_some(true),
            open_stdin: spec.stdin_open.then_some(true),
            stdin_once: spec.stdin_once.then_some(true),
            attach_stdin: spec.stdin_once.then_some(true),
            env: some(environment),
            cmd,
            entrypoint,
            healthcheck: spec.healthcheck.as_ref().map(|check| self.health(check)).transpose()?,
            image: Some(self.image.to_owned()),
            working_dir: spec.working_dir.clone(),
            labels: some_map(spec.labels.iter().chain(self.labels)),
            stop_signal: spec.stop_signal.clone(),
            stop_timeout: spec
                .stop_grace_period
                // Whole seconds, as Compose cuts them (`ToSeconds`).
                .map(|grace| i64::try_from(grace.as_secs()).unwrap_or(i64::MAX)),
            host_config: Some(self.host_config(first.map(|(name, _)| name))?),
            networking_config: first.map(|(name, _)| self.endpoints(name)),
            ..ContainerCreateBody::default()
        })
    }

    /// All networks where the API takes several at once, else the first, and the caller connects the rest.
    fn endpoints(&self, first: &str) -> NetworkingConfig {
        let taken = self.spec.networks.iter().filter(|(name, _)| self.api >= ALL_NETWORKS || *name == first);
        let endpoints = taken.map(|(name, endpoint)| {
            let mut settings = endpoint_settings(endpoint);
            if name == first {
                settings.mac_address = settings.mac_address.or_else(|| self.spec.mac_address.clone());
            }
            (name.clone(), settings)
        });
        NetworkingConfig { endpoints_config: Some(endpoints.collect()) }
    }

    /// Entrypoint and command. With a wrapper both are spelt out, by the engine's own rule: whoever gives an
    /// entrypoint gets nothing of the image's command (moby `daemon/commit.go`, `merge`).
    fn program(&self) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let spec = self.spec;
        let Some(wrapper) = &spec.wrapper else { return (spec.entrypoint.clone(), spec.command.clone()) };
        let of_image =
            |list: fn(&ImageDetail) -> &Vec<String>| self.detail.map(list).cloned().unwrap_or_default();
        let given = spec.entrypoint.clone();
        // An empty list clears the entrypoint and, unlike any other, leaves the command.
        let command = match (&spec.command, &given) {
            (Some(command), _) => command.clone(),
            (None, Some(entrypoint)) if !entrypoint.is_empty() => Vec::new(),
            (None, _) => of_image(|image| &image.command),
        };
        let mut entrypoint = vec![wrapper.clone()];
        entrypoint.extend(given.unwrap_or_else(|| of_image(|image| &image.entrypoint)));
        (Some(entrypoint), Some(command))
    }

    fn health(&self, check: &Healthcheck) -> Result<HealthConfig, CannotAsk> {
        if check.is_disabled() {
            return Ok(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() });
        }
        if check.start_interval.is_some() && self.api < START_INTERVAL {
            let what = "healthcheck.start_interval";
            return Err(CannotAsk::TooOld { what, since: START_INTERVAL, api: self.api });
        }
        Ok(HealthConfig {
            test: some(check.test.clone()),
            interval: check.interval.map(nanos),
            timeout: check.timeout.map(nanos),
            retries: check.retries.map(i64::from),
            start_period: check.start_period.map(nanos),
            start_interval: check.start_interval.map(nanos),
        })
    }

    fn host_config(&self, first_network: Option<&String>) -> Result<HostConfig, CannotAsk> {
        let spec = self.spec;
        let mounts = mounts::mounts(spec, self.api)?;
        let (security, unconfined): (Vec<_>, Vec<_>) =
            spec.security_opt.iter().cloned().partition(|option| {
                !matches!(option.as_str(), "systempaths=unconfined" | "systempaths:unconfined")
            });
        let all_paths = (!unconfined.is_empty()).then(Vec::new);
        let security = security.into_iter().map(|option| match spec.seccomp_profiles.get(&option) {
            Some(profile) => format!("seccomp={profile}"),
            None => option,
        });
        // In Compose's order (compose-go `HostsList.AsList`).
        let mut hosts = spec.extra_hosts.clone();
        hosts.sort();
        let none = Resources::default();
        let resources = spec.resources.as_deref().unwrap_or(&none);
        let (cdi, devices): (Vec<_>, Vec<_>) = spec.devices.iter().partition(|device| is_cdi(device));
        let blkio = resources.blkio.as_deref().cloned().unwrap_or_default();
        Ok(HostConfig {
            memory: spec.mem_limit,
            cgroup_parent: spec.cgroup_parent.clone(),
            cpu_count: resources.cpu_count,
            cpu_percent: resources.cpu_percent,
            cpu_shares: resources.cpu_shares,
            cpu_quota: resources.cpu_quota,
            cpu_period: resources.cpu_period,
            cpu_realtime_period: resources.cpu_rt_period,
            cpu_realtime_runtime: resources.cpu_rt_runtime,
            cpuset_cpus: resources.cpuset.clone(),
            memory_reservation: resources.mem_reservation,
            memory_swap: resources.memswap_limit,
            memory_swappiness: resources.mem_swappiness,
            oom_kill_disable: resources.oom_kill_disable.then_some(true),
            oom_score_adj: resources.oom_score_adj,
            blkio_weight: blkio.weight,
            blkio_weight_device: some(blkio.weight_device.into_iter().map(|(path, weight)| {
                ResourcesBlkioWeightDevice { path: Some(path), weight: Some(usize::from(weight)) }
            })),
            blkio_device_read_bps: throttles(blkio.read_bps),
            blkio_device_read_iops: throttles(blkio.read_iops),
            blkio_device_write_bps: throttles(blkio.write_bps),
            blkio_device_write_iops: throttles(blkio.write_iops),
            device_requests: some(device_requests(resources, &cdi)),
            devices: some(devices.into_iter().map(|device| DeviceMapping {
                path_on_host: Some(device.source.clone()),
                path_in_container: Some(device.target.clone()),
                cgroup_permissions: Some(device.permissions.clone()),
            })),
            device_cgroup_rules: some(spec.device_cgroup_rules.clone()),
            nano_cpus: spec.nano_cpus,
            init: spec.init,
            pids_limit: spec.pids_limit,
            ulimits: some(spec.ulimits.iter().map(|(name, limit)| ResourcesUlimits {
                name: Some(name.clone()),
                soft: Some(limit.soft),
                hard: Some(limit.hard),
            })),
            binds: some(mounts.binds),
            log_config: spec.logging.as_ref().map(|logging| HostConfigLogConfig {
                typ: logging.driver.clone(),
                config: some_map(&logging.options),
            }),
            annotations: some_map(&spec.annotations),
            storage_opt: some_map(&spec.storage_opt),
            isolation: isolation(spec.isolation.as_deref())?,
            network_mode: network_mode(spec, first_network)?,
            port_bindings: Some(port_bindings(&spec.ports)),
            restart_policy: restart_policy(spec.restart),
            mounts: some(mounts.typed),
            cap_add: some(capabilities(&spec.cap_add)),
            cap_drop: some(capabilities(&spec.cap_drop)),
            cgroupns_mode: cgroup_namespace(spec.cgroup.as_deref())?,
            dns: some(spec.dns.clone()),
            dns_options: some(spec.dns_opt.clone()),
            dns_search: some(spec.dns_search.clone()),
            extra_hosts: Some(hosts),
            group_add: some(spec.group_add.clone()),
            ipc_mode: spec.ipc.clone(),
            pid_mode: spec.pid.clone(),
            privileged: spec.privileged.then_some(true),
            auto_remove: spec.auto_remove.then_some(true),
            readonly_rootfs: spec.read_only.then_some(true),
            security_opt: some(security),
            tmpfs: (!mounts.tmpfs.is_empty()).then_some(mounts.tmpfs),
            uts_mode: spec.uts.clone(),
            links: some(spec.links.clone()),
            volumes_from: some(spec.volumes_from.clone()),
            userns_mode: spec.userns.clone(),
            shm_size: spec.shm_size,
            sysctls: some_map(&spec.sysctls),
            runtime: spec.runtime.clone(),
            masked_paths: all_paths.clone(),
            readonly_paths: all_paths,
            ..HostConfig::default()
        })
    }
}

/// The network that the container is made in; the caller connects it to the rest.
fn first_network(spec: &ContainerSpec) -> Option<(&String, &Endpoint)> {
    if spec.network_mode.is_some() {
        return None;
    }
    spec.networks.iter().min_by_key(|(name, endpoint)| (std::cmp::Reverse(endpoint.priority), *name))
}

fn network_mode(spec: &ContainerSpec, first: Option<&String>) -> Result<Option<String>, CannotAsk> {
    Ok(match &spec.network_mode {
        None => first.cloned(),
        Some(NetworkMode::None) => Some("none".to_owned()),
        Some(NetworkMode::Host) => Some("host".to_owned()),
        Some(NetworkMode::Bridge) => Some("bridge".to_owned()),
        Some(NetworkMode::Container(name)) => Some(format!("container:{name}")),
        Some(NetworkMode::Named(name)) => Some(name.clone()),
        Some(NetworkMode::Service(name)) => return Err(CannotAsk::UnresolvedService(name.clone())),
    })
}

fn cgroup_namespace(word: Option<&str>) -> Result<Option<HostConfigCgroupnsModeEnum>, CannotAsk> {
    match word {
        None => Ok(None),
        Some("host") => Ok(Some(HostConfigCgroupnsModeEnum::HOST)),
        Some("private") => Ok(Some(HostConfigCgroupnsModeEnum::PRIVATE)),
        Some(other) => Err(CannotAsk::Word { key: "cgroup", value: other.to_owned() }),
    }
}

fn isolation(word: Option<&str>) -> Result<Option<HostConfigIsolationEnum>, CannotAsk> {
    match word {
        None | Some("") => Ok(None),
        Some(word) => serde_json::from_value(word.into())
            .map(Some)
            .map_err(|_| CannotAsk::Word { key: "isolation", value: word.to_owned() }),
    }
}

fn restart_policy(policy: RestartPolicy) -> Option<ApiRestartPolicy> {
    let (name, count) = match policy {
        RestartPolicy::No => return None,
        RestartPolicy::Always => (RestartPolicyNameEnum::ALWAYS, None),
        RestartPolicy::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        RestartPolicy::OnFailure(count) => (RestartPolicyNameEnum::ON_FAILURE, Some(i64::from(count))),
    };
    Some(ApiRestartPolicy { name: Some(name), maximum_retry_count: count })
}

/// `80`, `80/udp` and `8000-8005/tcp` as the engine wants them, one port each.
fn exposed(spec: &ContainerSpec) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = spec.ports.iter().map(port_key).collect();
    for text in &spec.expose {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let range = ports.split_once('-').unwrap_or((ports, ports));
        match (range.0.parse::<u16>(), range.1.parse::<u16>()) {
            (Ok(first), Ok(last)) => out.extend((first..=last).map(|port| format!("{port}/{protocol}"))),
            // The engine says what is wrong with it.
            _ => drop(out.insert(format!("{ports}/{protocol}"))),
        }
    }
    out
}

fn port_key(port: &PortBinding) -> String {
    format!("{}/{}", port.container, port.protocol.as_str())
}

fn port_bindings(ports: &[PortBinding]) -> HashMap<String, Option<Vec<ApiPortBinding>>> {
    let mut out: HashMap<String, Option<Vec<ApiPortBinding>>> = HashMap::new();
    for port in ports {
        let host_port = match port.host {
            None => String::new(),
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first}-{last}"),
        };
        let binding = ApiPortBinding {
            host_ip: Some(port.host_ip.clone().unwrap_or_default()),
            host_port: Some(host_port),
        };
        out.entry(port_key(port)).or_default().get_or_insert_default().push(binding);
    }
    out
}

/// Capabilities in the engine's own spelling, as Docker's client sends them (moby `client/container_create.go`).
fn capabilities(names: &[String]) -> Vec<String> {
    let mut out = std::collections::BTreeSet::new();
    for name in names {
        let name = name.to_uppercase();
        if name == "ALL" {
            return vec![name];
        }
        out.insert(if name.starts_with("CAP_") { name } else { format!("CAP_{name}") });
    }
    out.into_iter().collect()
}
