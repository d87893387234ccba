//! What the engine says of itself: `GET /info` and `GET /version`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::words::nullable;
use crate::model::facts::Facts;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct InfoAnswer {
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
    runtimes: BTreeMap<String, serde_json::Value>,
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
    pub(in crate::engine::docker) fn containerd_store(&self) -> bool {
        let told = |row: &Vec<String>| matches!(row.as_slice(), [key, kind] if key == "driver-type" && kind.starts_with("io.containerd.snapshotter"));
        self.driver_status.iter().any(told)
    }

    fn backing_filesystem(&self) -> String {
        let told = |row: &Vec<String>| match row.as_slice() {
            [key, name] if key == "Backing Filesystem" => Some(name.clone()),
            _ => None,
        };
        self.driver_status.iter().find_map(told).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct VersionAnswer {
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
    pub(in crate::engine::docker) fn is_podman(&self) -> bool {
        self.components.iter().any(|component| component.name == "Podman Engine")
    }
}

pub(in crate::engine::docker) fn facts(info: InfoAnswer, version: VersionAnswer) -> Facts {
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
        backing_filesystem: info.backing_filesystem(),
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
