//! Ports in their long form.

use serde_json::Value;

use super::keys::Keys;
use crate::model::container::PortBinding;

pub(super) fn port_value(it: &PortBinding) -> Value {
    let mut keys = Keys::default();
    if let Some(notes) = &it.notes {
        keys.text("name", notes.name.as_ref());
        keys.text("mode", notes.mode.as_ref());
        keys.text("app_protocol", notes.app_protocol.as_ref());
    }
    keys.set("target", it.container);
    keys.set("protocol", it.protocol.as_str());
    keys.text("host_ip", it.host_ip.as_ref());
    match it.host {
        Some((first, last)) if first == last => keys.set("published", first.to_string()),
        Some((first, last)) => keys.set("published", format!("{first}-{last}")),
        None => {}
    }
    Value::Object(keys.0)
}
