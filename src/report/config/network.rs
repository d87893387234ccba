//! Networks, and how a container takes part in them.

use serde_json::Value;

use super::keys::Keys;
use crate::model::container::{Endpoint, NetworkMode};
use crate::model::network::{NetworkSpec, Subnet};
use crate::model::topology::NetworkDef;

pub(super) fn network(it: &NetworkDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    keys.flag("external", it.external);
    let NetworkSpec { driver, driver_opts, internal, attachable, enable_ipv6, ipam_driver, ipam, labels } =
        &it.spec;
    keys.text("driver", driver.as_ref());
    keys.strings("driver_opts", driver_opts);
    keys.flag("internal", *internal);
    keys.flag("attachable", *attachable);
    if let Some(enable) = enable_ipv6 {
        keys.set("enable_ipv6", *enable);
    }
    let mut pool = Keys::default();
    pool.text("driver", ipam_driver.as_ref());
    pool.values("config", ipam.iter().map(subnet).collect());
    if !pool.0.is_empty() {
        keys.set("ipam", pool.0);
    }
    keys.strings("labels", labels);
    Value::Object(keys.0)
}

pub(super) fn subnet(it: &Subnet) -> Value {
    let mut keys = Keys::default();
    keys.text("subnet", it.subnet.as_ref());
    keys.text("ip_range", it.ip_range.as_ref());
    keys.text("gateway", it.gateway.as_ref());
    keys.strings("aux_addresses", &it.aux_addresses);
    Value::Object(keys.0)
}

pub(super) fn endpoint(it: &Endpoint) -> Value {
    let mut keys = Keys::default();
    keys.list("aliases", &it.aliases);
    keys.text("ipv4_address", it.ipv4_address.as_ref());
    keys.text("ipv6_address", it.ipv6_address.as_ref());
    if it.priority != 0 {
        keys.set("priority", it.priority);
    }
    Value::Object(keys.0)
}

/// `network_mode` as the file writes it.
pub(super) fn mode(it: &NetworkMode) -> String {
    match it {
        NetworkMode::None => "none".to_owned(),
        NetworkMode::Host => "host".to_owned(),
        NetworkMode::Bridge => "bridge".to_owned(),
        NetworkMode::Service(name) => format!("service:{name}"),
        NetworkMode::Container(name) => format!("container:{name}"),
    }
}
