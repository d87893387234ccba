//! The lab and its layers.

use serde_json::{Map, Value};

use super::behaviour::model;
use super::keys::{Keys, text};
use super::network::network;
use super::service::service;
use super::stored_file::definition;
use super::volume::volume;
use crate::model::topology::{Layer, Topology};

/// The lab. Keys are in alphabetical order, as Compose prints them.
pub fn to_value(topology: &Topology) -> Value {
    let mut root = layer(&topology.root);
    root.insert("name".to_owned(), text(topology.project.as_str()));
    Value::Object(root)
}

pub(super) fn layer(it: &Layer) -> Map<String, Value> {
    let mut keys = Keys::default();
    if let Some(name) = &it.name {
        keys.set("name", text(name.value.as_str()));
    }
    let services =
        it.services.values().map(|it| (it.name.to_string(), Value::Object(service(it)))).collect::<Vec<_>>();
    keys.map("services", services.iter().map(|(key, value)| (key, value.clone())));
    keys.map("networks", it.networks.iter().map(|(key, it)| (key, network(it))));
    keys.map("volumes", it.volumes.iter().map(|(key, it)| (key, volume(it))));
    keys.map("configs", it.configs.iter().map(|(key, it)| (key, definition(it))));
    keys.map("secrets", it.secrets.iter().map(|(key, it)| (key, definition(it))));
    keys.map("models", it.models.iter().map(|(key, it)| (key, model(it))));
    keys.values("images", it.images.iter().map(|image| text(&image.value)).collect());
    keys.0
}
