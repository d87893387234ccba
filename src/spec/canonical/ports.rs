//! Ports in their long form, one entry a port or range of the machine.

use serde_json::{Value, json};

use crate::model::container::PortBinding;
use crate::spec::lower::port::written_out;
use crate::spec::tree::node::{Node, Value as Held};

use super::printer::{Printer, any, text};
use super::shape::Shape::{self, Keys, Text, Whole};

static PORT: Shape = Keys(&[
    ("app_protocol", Text),
    ("host_ip", Text),
    ("mode", Text),
    ("name", Text),
    ("protocol", Text),
    ("published", Text),
    ("target", Whole),
]);

/// `ports` or `publish`.
pub(super) fn ports(printer: &Printer, node: &Node) -> Option<Value> {
    let Held::List(items) = &node.value else { return (!node.is_null()).then(|| any(node)) };
    let mut out = Vec::new();
    for item in items {
        let Some(short) = text(item) else {
            let mut port = printer.value(&PORT, item)?;
            for (key, default) in [("mode", "ingress"), ("protocol", "tcp")] {
                if port.get(key).is_none() {
                    port[key] = Value::from(default);
                }
            }
            out.push(port);
            continue;
        };
        match written_out(&short) {
            Ok(mut bindings) => {
                // The order of Compose: by the text `80/tcp`, not by the number (compose-go `ParsePortConfig`).
                bindings.sort_by_key(|port| format!("{}/{}", port.container, port.protocol.as_str()));
                out.extend(bindings.iter().map(binding));
            }
            Err(_) => out.push(any(item)),
        }
    }
    (!out.is_empty()).then_some(Value::Array(out))
}

fn binding(port: &PortBinding) -> Value {
    let mut out = json!({"mode": "ingress", "target": port.container, "protocol": port.protocol.as_str()});
    if let Some(ip) = &port.host_ip {
        out["host_ip"] = Value::from(ip.as_str());
    }
    match port.host {
        Some((first, last)) if first == last => out["published"] = Value::from(first.to_string()),
        Some((first, last)) => out["published"] = Value::from(format!("{first}-{last}")),
        None => {}
    }
    out
}
