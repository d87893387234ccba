//! The lab and its layers.

use serde_json::{Map, Value, json};

use super::keys::{Keys, text};
use super::network::network;
use super::service::service;
use super::stored_file::contents;
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
    let configs: Vec<_> = it.services.values().flat_map(contents).collect();
    keys.map("configs", configs.iter().map(|(key, content)| (key, json!({"content": content}))));
    keys.values("images", it.images.iter().map(|image| text(&image.value)).collect());
    keys.0
}
