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
    let NetworkSpec {
        driver,
        driver_opts,
        internal,
        attachable,
        enable_ipv4,
        enable_ipv6,
        ipam_driver,
        ipam_options,
        ipam,
        labels,
    } = &it.spec;
    keys.text("driver", driver.as_ref());
    keys.strings("driver_opts", driver_opts);
    keys.flag("internal", *internal);
    keys.flag("attachable", *attachable);
    keys.maybe("enable_ipv4", *enable_ipv4);
    keys.maybe("enable_ipv6", *enable_ipv6);
    let mut pool = Keys::default();
    pool.text("driver", ipam_driver.as_ref());
    pool.strings("options", ipam_options);
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
    for (key, priority) in [("priority", it.priority), ("gw_priority", it.gw_priority)] {
        keys.maybe(key, Some(priority).filter(|priority| *priority != 0));
    }
    keys.text("interface_name", it.interface_name.as_ref());
    keys.list("link_local_ips", &it.link_local_ips);
    keys.text("mac_address", it.mac_address.as_ref());
    keys.strings("driver_opts", &it.driver_opts);
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
