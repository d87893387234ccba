//! Rows of the lists of networks, volumes and images.

use serde::Deserialize;

use super::words::{Map, familiar, image_id, nullable};
use crate::model::observed::{ObservedImage, ObservedNetwork, ObservedVolume};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct NetworkRow {
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
            labels: row.labels.into_iter().collect(),
            options: row.options,
            subnets: subnets.filter(|subnet| !subnet.is_empty()).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct VolumeList {
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::engine::docker) volumes: Vec<VolumeRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct VolumeRow {
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    labels: Map,
}

impl From<VolumeRow> for ObservedVolume {
    fn from(row: VolumeRow) -> Self {
        Self { name: row.name, labels: row.labels.into_iter().collect() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct ImageRow {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    repo_digests: Vec<String>,
    #[serde(default)]
    size: i64,
    #[serde(default, deserialize_with = "nullable")]
    labels: Map,
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
            labels: row.labels.into_iter().collect(),
        }
    }
}
