//! Configs and secrets.

use serde_json::{Value, json};

use super::keys::text;
use crate::model::files::PutFile;
use crate::model::service::Service;

/// The name that the `number`th file of a service gets as a config of its layer.
pub(super) fn config_name(service: &Service, number: usize) -> String {
    format!("{}-{number}", service.name)
}

/// Files with content, as configs of the layer. What lies where secrets do is not shown.
pub(super) fn contents(service: &Service) -> Vec<(String, Value)> {
    let shown = |put: &PutFile| {
        if put.path.starts_with("/run/secrets/") {
            Value::from("<hidden>")
        } else {
            text(&String::from_utf8_lossy(&put.content))
        }
    };
    service.files.iter().enumerate().map(|(n, put)| (config_name(service, n), shown(put))).collect()
}

/// The files of a service, as uses of the configs of its layer.
pub(super) fn uses(it: &Service) -> Vec<Value> {
    let files = it.files.iter().enumerate().map(|(n, put)| {
        json!({
            "source": config_name(it, n),
            "target": text(&put.path),
            "mode": format!("{:04o}", put.mode),
            "uid": put.uid.to_string(),
            "gid": put.gid.to_string(),
        })
    });
    files.collect()
}
