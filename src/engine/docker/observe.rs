//! Answers of the engine as the model has them.
//!
//! Read leniently: engines of many ages and podman answer, and a word or a field that is not known must not hide
//! a whole list.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::model::container::Protocol;
use crate::model::facts::Facts;
use crate::model::observed::{
    ContainerDetail, ContainerState, Health, ImageDetail, ObservedContainer, ObservedImage, ObservedMount,
    ObservedNetwork, ObservedPort, ObservedVolume,
};

/// Go writes an empty list or map as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

type Map = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerRow {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(default, rename = "ImageID")]
    image_id: String,
    #[serde(default)]
    created: i64,
    #[serde(default, deserialize_with = "nullable")]
    ports: Vec<PortRow>,
    #[serde(default, deserialize_with = "nullable")]
    labels: Map,
    #[serde(default)]
    state: String,
    #[serde(default)]
    status: String,
    /// Since API 1.52.
    health: Option<HealthRow>,
    #[serde(default, deserialize_with = "nullable")]
    network_settings: NetworkSettingsRow,
    #[serde(default, deserialize_with = "nullable")]
    mounts: Vec<MountRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthRow {
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortRow {
    #[serde(default, rename = "IP")]
    ip: String,
    #[serde(default)]
    private_port: u16,
    public_port: Option<u16>,
    #[serde(default, rename = "Type")]
    protocol: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettingsRow {
    #[serde(default, deserialize_with = "nullable")]
    networks: BTreeMap<String, Option<EndpointRow>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointRow {
    #[serde(default, rename = "IPAddress")]
    ip_address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MountRow {
    #[serde(default, rename = "Type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    destination: String,
}

/// A state in the engine's words or podman's (libpod `define/containerstate.go`).
fn state_of(word: &str) -> ContainerState {
    ContainerState::parse(word).unwrap_or(match word {
        "configured" | "initialized" => ContainerState::Created,
        "stopping" => ContainerState::Running,
        "stopped" => ContainerState::Exited,
        _ => ContainerState::Dead,
    })
}

fn health_of(word: &str) -> Option<Health> {
    [Health::Starting, Health::Healthy, Health::Unhealthy].into_iter().find(|health| health.as_str() == word)
}

/// The health in `Up 3 seconds (healthy)` or `Up 1 second (health: starting)`.
fn health_in(status: &str) -> Option<Health> {
    let word = status.rsplit_once('(')?.1.strip_suffix(')')?;
    health_of(word.strip_prefix("health: ").unwrap_or(word))
}

/// The code in `Exited (137) 2 hours ago`.
fn exit_code_in(status: &str) -> Option<i64> {
    status.strip_prefix("Exited (")?.split_once(')')?.0.parse().ok()
}

/// An image's ID with its algorithm, which podman leaves out in some answers.
fn image_id(id: String) -> String {
    if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("sha256:{id}")
    } else {
        id
    }
}

/// A reference as Docker writes it: podman names the registry of Docker Hub, too.
fn familiar(reference: &str) -> String {
    let rest = reference.strip_prefix("docker.io/").unwrap_or(reference);
    if rest.len() == reference.len() {
        return rest.to_owned();
    }
    rest.strip_prefix("library/").unwrap_or(rest).to_owned()
}

fn protocol_of(word: &str) -> Protocol {
    match word {
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

impl From<ContainerRow> for ObservedContainer {
    fn from(row: ContainerRow) -> Self {
        let state = state_of(&row.state);
        let health = match row.health {
            Some(health) => health_of(&health.status),
            None => health_in(&row.status),
        };
        let mut ports: Vec<ObservedPort> = row
            .ports
            .into_iter()
            .map(|port| ObservedPort {
                host_ip: port.ip,
                host: port.public_port.filter(|port| *port != 0),
                container: port.private_port,
                protocol: protocol_of(&port.protocol),
            })
            .collect();
        ports.sort();
        let networks = row.network_settings.networks.into_iter();
        // Links of other containers are names with more than one slash.
        let name = row.names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
        Self {
            name: name.unwrap_or_default().to_owned(),
            id: row.id,
            image: familiar(&row.image),
            image_id: image_id(row.image_id),
            state,
            health,
            exit_code: exit_code_in(&row.status).filter(|_| state == ContainerState::Exited),
            labels: row.labels,
            ports,
            networks: networks
                .map(|(name, endpoint)| (name, endpoint.map(|e| e.ip_address).unwrap_or_default()))
                .collect(),
            mounts: row
                .mounts
                .into_iter()
                .map(|mount| ObservedMount {
                    volume: (mount.kind == "volume").then_some(mount.name),
                    source: mount.source,
                    target: mount.destination,
                })
                .collect(),
            created: row.created,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NetworkRow {
    id: String,
    name: String,
    #[serde(default)]
    driver: String,
    #[serde(default, deserialize_with = "nullable")]
    labels: Map,
    #[serde(default, deserialize_with = "nullable")]
    options: Map,
    #[serde(default, rename = "IPAM", deserialize_with = "nullable")]
    ipam: IpamRow,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IpamRow {
    #[serde(default, deserialize_with = "nullable")]
    config: Vec<SubnetRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SubnetRow {
    #[serde(default)]
    subnet: String,
}

impl From<NetworkRow> for ObservedNetwork {
    fn from(row: NetworkRow) -> Self {
        let subnets = row.ipam.config.into_iter().map(|config| config.subnet);
        Self {
            id: row.id,
            name: row.name,
            driver: row.driver,
            labels: row.labels,
            options: row.options,
            subnets: subnets.filter(|subnet| !subnet.is_empty()).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VolumeList {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) volumes: Vec<VolumeRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VolumeRow {
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    labels: Map,
}

impl From<VolumeRow> for ObservedVolume {
    fn from(row: VolumeRow) -> Self {
        Self { name: row.name, labels: row.labels }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageRow {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    repo_digests: Vec<String>,
    #[serde(default)]
    size: i64,
}

impl From<ImageRow> for ObservedImage {
    fn from(row: ImageRow) -> Self {
        let named = |names: Vec<String>| {
            let names = names.into_iter().filter(|name| !name.starts_with("<none>"));
            names.map(|name| familiar(&name)).collect()
        };
        Self {
            id: image_id(row.id),
            tags: named(row.repo_tags),
            digests: named(row.repo_digests),
            size: row.size,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerAnswer {
    id: String,
    state: StateAnswer,
    #[serde(default, deserialize_with = "nullable")]
    config: ConfigAnswer,
    #[serde(default)]
    restart_count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StateAnswer {
    #[serde(default)]
    status: String,
    #[serde(default, rename = "OOMKilled")]
    oom_killed: bool,
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    error: String,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    finished_at: String,
    health: Option<HealthAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthAnswer {
    #[serde(default)]
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    log: Vec<HealthRun>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthRun {
    #[serde(default)]
    output: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigAnswer {
    #[serde(default)]
    tty: bool,
    /// Seconds of grace.
    stop_timeout: Option<u64>,
}

impl ContainerAnswer {
    /// The container's own grace in seconds, if it has one.
    pub(super) fn stop_timeout(&self) -> Option<u64> {
        self.config.stop_timeout
    }
}

impl From<ContainerAnswer> for ContainerDetail {
    fn from(answer: ContainerAnswer) -> Self {
        let state = answer.state;
        let health = state.health.as_ref().and_then(|health| health_of(&health.status));
        let last = state.health.and_then(|health| health.log.into_iter().next_back());
        Self {
            id: answer.id,
            state: state_of(&state.status),
            health,
            health_output: last.map(|run| run.output),
            exit_code: state.exit_code,
            error: state.error,
            oom_killed: state.oom_killed,
            restarts: answer.restart_count,
            started_at: state.started_at,
            finished_at: state.finished_at,
            tty: answer.config.tty,
            pid: state.pid,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageAnswer {
    id: String,
    #[serde(default, rename = "RootFS", deserialize_with = "nullable")]
    root_fs: RootFs,
    #[serde(default, deserialize_with = "nullable")]
    config: ImageConfig,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RootFs {
    #[serde(default, deserialize_with = "nullable")]
    layers: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageConfig {
    #[serde(default, deserialize_with = "nullable")]
    entrypoint: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    cmd: Vec<String>,
    #[serde(default)]
    user: String,
}

impl ImageAnswer {
    /// `platform` as the engine wants it in a query: an OCI platform.
    pub(super) fn platform(&self) -> serde_json::Value {
        let mut platform = serde_json::json!({"os": self.os, "architecture": self.architecture});
        if !self.variant.is_empty() {
            platform["variant"] = self.variant.as_str().into();
        }
        platform
    }
}

impl From<ImageAnswer> for ImageDetail {
    fn from(answer: ImageAnswer) -> Self {
        Self {
            id: image_id(answer.id),
            layers: answer.root_fs.layers,
            entrypoint: answer.config.entrypoint,
            command: answer.config.cmd,
            user: answer.config.user,
            size: answer.size,
            platform: format!("{}/{}", answer.os, answer.architecture),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InfoAnswer {
    #[serde(default, rename = "ID")]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kernel_version: String,
    #[serde(default)]
    cgroup_version: String,
    #[serde(default)]
    cgroup_driver: String,
    #[serde(default, deserialize_with = "nullable")]
    security_options: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    runtimes: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(default)]
    driver: String,
    #[serde(default, deserialize_with = "nullable")]
    driver_status: Vec<Vec<String>>,
    #[serde(default)]
    docker_root_dir: String,
    #[serde(default, rename = "NCPU")]
    cpus: u64,
    #[serde(default)]
    mem_total: u64,
}

impl InfoAnswer {
    pub(super) fn containerd_store(&self) -> bool {
        let told = |row: &Vec<String>| matches!(row.as_slice(), [key, kind] if key == "driver-type" && kind.starts_with("io.containerd.snapshotter"));
        self.driver_status.iter().any(told)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VersionAnswer {
    #[serde(default)]
    version: String,
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    arch: String,
    #[serde(default, deserialize_with = "nullable")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
    #[serde(default)]
    name: String,
}

impl VersionAnswer {
    /// Whether podman answers in Docker's words.
    pub(super) fn is_podman(&self) -> bool {
        self.components.iter().any(|component| component.name == "Podman Engine")
    }
}

pub(super) fn facts(info: InfoAnswer, version: VersionAnswer) -> Facts {
    // podman makes up a new ID for each answer (libpod `compat/info.go`); the machine and the place of its data
    // are what names one of its engines.
    let id = if version.is_podman() {
        format!("podman:{}:{}", info.name, info.docker_root_dir)
    } else {
        info.id.clone()
    };
    Facts {
        id,
        containerd_store: info.containerd_store(),
        name: info.name,
        version: version.version,
        api_version: version.api_version,
        os: version.os,
        arch: version.arch,
        kernel: info.kernel_version,
        cgroup_version: info.cgroup_version.parse().unwrap_or(0),
        cgroup_driver: info.cgroup_driver,
        security: info.security_options,
        runtimes: info.runtimes.into_keys().collect(),
        storage_driver: info.driver,
        data_root: info.docker_root_dir,
        cpus: info.cpus,
        memory: info.mem_total,
    }
}

#[cfg(test)]
mod tests;
