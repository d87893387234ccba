//! A row of `GET /containers/json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::words::{
    Map, exit_code_in, familiar, health_in, health_of, image_id, nullable, protocol_of, state_of,
};
use crate::model::observed::{
    ContainerState, ObservedContainer, ObservedEndpoint, ObservedMount, ObservedPort,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct ContainerRow {
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

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EndpointRow {
    #[serde(default, rename = "IPAddress", deserialize_with = "nullable")]
    ip_address: String,
    #[serde(default, rename = "NetworkID", deserialize_with = "nullable")]
    network_id: String,
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
        // The engine's own order differs from answer to answer.
        let mut mounts: Vec<ObservedMount> = row
            .mounts
            .into_iter()
            .map(|mount| ObservedMount {
                volume: (mount.kind == "volume").then_some(mount.name),
                source: mount.source,
                target: mount.destination,
            })
            .collect();
        mounts.sort_by(|a, b| a.target.cmp(&b.target));
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
            labels: row.labels.into_iter().collect(),
            ports,
            networks: networks
                .map(|(name, endpoint)| {
                    let endpoint = endpoint.unwrap_or_default();
                    (name, ObservedEndpoint { network: endpoint.network_id, address: endpoint.ip_address })
                })
                .collect(),
            mounts,
            created: row.created,
        }
    }
}

/// A row of podman's own list, `GET /libpod/containers/json`, whose `Status` is the health.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct HealthOfPodman {
    id: String,
    #[serde(default)]
    status: String,
}

/// Adds the health that podman's own list has.
pub(in crate::engine::docker) fn add_health(containers: &mut [ObservedContainer], rows: Vec<HealthOfPodman>) {
    let health: BTreeMap<String, String> = rows.into_iter().map(|row| (row.id, row.status)).collect();
    for container in containers {
        // A stopped container's last health says nothing; Docker leaves it out.
        if container.state == ContainerState::Running {
            container.health = health.get(&container.id).and_then(|status| health_of(status));
        }
    }
}
