//! What a service is beside its container.

use serde_json::{Map, Value};

use super::container::container;
use super::depends_on::depends_on;
use super::deploy::deploy;
use super::engine::node_keys;
use super::keys::{Keys, text};
use super::port::port_value;
use super::stored_file::uses;
use crate::model::service::{PullPolicy, Service};

pub(super) fn service(it: &Service) -> Map<String, Value> {
    let mut keys = Keys::default();
    container(&mut keys, &it.spec, it.deploy.as_deref());
    if let Some(written) = &it.deploy {
        keys.set("deploy", deploy(written, &it.spec));
    }
    if let Some(name) = &it.container_name {
        keys.set("container_name", text(&name.value));
    }
    let replicas = it.deploy.as_ref().and_then(|deploy| deploy.replicas);
    if it.scale != replicas.unwrap_or(1) {
        keys.set("scale", it.scale);
    }
    depends_on(&mut keys, &it.depends_on);
    match it.pull_policy {
        PullPolicy::Missing => {}
        PullPolicy::Always => keys.set("pull_policy", "always"),
        PullPolicy::Never => keys.set("pull_policy", "never"),
    }
    keys.values("configs", uses(it));
    keys.values("publish", it.publish.iter().map(|port| port_value(&port.value)).collect());
    if let Some(node) = &it.node {
        node_keys(&mut keys, node);
    }
    keys.0
}
