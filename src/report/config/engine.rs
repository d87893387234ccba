//! A node: its engine, and the layer inside.

use serde_json::json;

use super::keys::{Keys, text, texts};
use super::lab::layer;
use crate::model::service::{DataRoot, EngineOptions, NodeDef};

pub(super) fn node_keys(keys: &mut Keys, node: &NodeDef) {
    let options = engine_options(&node.options);
    if options.0.is_empty() {
        keys.set("engine", text(&node.kind.value));
    } else {
        let mut options = options;
        options.set("kind", text(&node.kind.value));
        keys.set("engine", options.0);
    }
    let inner = layer(&node.inner);
    if !inner.is_empty() {
        keys.set("inner", inner);
    }
}

pub(super) fn engine_options(it: &EngineOptions) -> Keys {
    let mut keys = Keys::default();
    keys.list("args", &it.args);
    if let Some(config) = &it.config {
        let value = serde_json::from_str(&config.value).unwrap_or_else(|_| text(&config.value));
        keys.set("config", value);
    }
    match &it.data {
        DataRoot::Volume => {}
        DataRoot::Named(name) => keys.set("data", text(name)),
        DataRoot::Tmpfs => keys.set("data", "tmpfs"),
    }
    keys.text("address_pool", it.address_pool.as_ref().map(|pool| &pool.value));
    if let Some(mtu) = it.mtu {
        keys.set("mtu", mtu);
    }
    keys.list("registry_mirrors", &it.registry_mirrors);
    keys.list("insecure_registries", &it.insecure_registries);
    keys.duration("ready_timeout", it.ready_timeout);
    keys.text("path", it.path.as_ref());
    keys.text("host", it.host.as_ref().map(|host| &host.value));
    keys.text("tls", it.tls.as_ref());
    if let Some(ssh) = &it.ssh {
        keys.set("ssh", json!({"user": text(&ssh.user), "authorized_keys": texts(&ssh.authorized_keys)}));
    }
    keys.values("ca", it.ca.iter().map(|pem| text(&String::from_utf8_lossy(pem))).collect());
    keys
}
