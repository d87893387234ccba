//! What a service is beside its container.

use serde_json::{Map, Value};

use super::behaviour::{behaviour, pull_policy};
use super::build::build;
use super::container::container;
use super::depends_on::depends_on;
use super::deploy::deploy;
use super::engine::node_keys;
use super::keys::{Keys, text};
use super::port::port_value;
use super::stored_file::uses;
use crate::model::behaviour::FileRole;
use crate::model::service::Service;

pub(super) fn service(it: &Service) -> Map<String, Value> {
    let mut keys = Keys::default();
    container(&mut keys, &it.spec, it.deploy.as_deref(), &it.behaviour.file_uses);
    if let Some(written) = &it.deploy {
        keys.set("deploy", deploy(written, &it.spec));
    }
    if let Some(it) = &it.build {
        keys.set("build", build(it));
    }
    if let Some(name) = &it.container_name {
        keys.set("container_name", text(&name.value));
    }
    let replicas = it.deploy.as_ref().and_then(|deploy| deploy.replicas);
    if it.scale != replicas.unwrap_or(1) {
        keys.set("scale", it.scale);
    }
    depends_on(&mut keys, &it.depends_on);
    keys.text("pull_policy", pull_policy(it.pull_policy).as_ref());
    behaviour(&mut keys, &it.behaviour);
    keys.values("configs", uses(&it.behaviour.file_uses, FileRole::Config));
    keys.values("secrets", uses(&it.behaviour.file_uses, FileRole::Secret));
    keys.values("publish", it.publish.iter().map(|port| port_value(&port.value)).collect());
    if let Some(node) = &it.node {
        node_keys(&mut keys, node);
    }
    keys.0
}
