//! `networks` and `network_mode` of services, `networks` of layers.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest;
use crate::model::container::{Endpoint, NetworkMode};
use crate::model::network::Subnet;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::model::topology::NetworkDef;
use crate::spec::reader::Reader;
use crate::spec::tree::{Key, Node, Value};

use super::layer::Definitions;

const ENDPOINT_KEYS: &[&str] = &[
    "aliases",
    "ipv4_address",
    "ipv6_address",
    "priority",
    "interface_name",
    "link_local_ips",
    "mac_address",
    "driver_opts",
    "gw_priority",
];
const NETWORK_KEYS: &[&str] = &[
    "name",
    "driver",
    "driver_opts",
    "ipam",
    "external",
    "internal",
    "enable_ipv4",
    "enable_ipv6",
    "attachable",
    "labels",
];

impl Reader<'_> {
    /// `network_mode`.
    pub(in crate::spec) fn network_mode(&mut self, node: &Node) -> Option<NetworkMode> {
        let text = self.name(node, "network_mode")?;
        match text.split_once(':') {
            Some(("service", name)) if !name.is_empty() => {
                return Some(NetworkMode::Service(name.to_owned()));
            }
            Some(("container", name)) if !name.is_empty() => {
                return Some(NetworkMode::Container(name.to_owned()));
            }
            _ => {}
        }
        Some(
            match self
                .word(node, "network_mode", &["none", "host", "bridge", "service:NAME", "container:NAME"])?
                .as_str()
            {
                "none" => NetworkMode::None,
                "host" => NetworkMode::Host,
                "bridge" => NetworkMode::Bridge,
                // The placeholders of the list above.
                _ => {
                    self.error(Code::BadValue, node.span, "`NAME` stands for a name", "");
                    return None;
                }
            },
        )
    }

    /// The networks that a service joins: those it names, else `default`, else none beside `network_mode`.
    pub(in crate::spec) fn service_networks(
        &mut self,
        node: &Node,
        defs: &Definitions,
        service: &mut Service,
    ) {
        let written = node.get("networks");
        if let Some(mode) = service.spans.get("network_mode").copied() {
            if let Some(networks) = written.filter(|networks| !networks.is_null()) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::Contradiction,
                        "`network_mode` and `networks` exclude each other",
                    )
                    .at(mode, "")
                    .at(networks.span, "")
                    .help("remove one of them"),
                );
            }
            return;
        }
        let mut found: Vec<(String, Endpoint, Span)> = Vec::new();
        match written.map(|node| (node, &node.value)) {
            None | Some((_, Value::Null)) => {}
            Some((_, Value::Map(entries))) => {
                for (key, value) in entries {
                    let endpoint = self.endpoint(value, key);
                    found.push((key.text.clone(), endpoint, key.span));
                }
            }
            Some((node, _)) => {
                for item in self.list(node, "networks").unwrap_or_default() {
                    if let Some(name) = self.name(item, "networks") {
                        found.push((name, Endpoint::default(), item.span));
                    }
                }
            }
        }
        if found.is_empty() {
            service.spec.networks.insert("default".to_owned(), Endpoint::default());
            return;
        }
        for (name, endpoint, span) in found {
            if name != "default" && !defs.networks.contains_key(&name) {
                let help = match suggest::nearest(&name, defs.networks.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "define it under `networks` of the layer".to_owned(),
                };
                self.error(Code::UnknownNetwork, span, format!("the layer has no network `{name}`"), &help);
                continue;
            }
            service.spec.networks.insert(name, endpoint);
        }
    }

    fn endpoint(&mut self, node: &Node, network: &Key) -> Endpoint {
        let mut endpoint = Endpoint::default();
        let of = format!("`networks.{}`", network.text);
        for (key, value) in self.map(node, &of, ENDPOINT_KEYS).unwrap_or_default() {
            match key.text.as_str() {
                "aliases" => endpoint.aliases = self.strings(value, "aliases"),
                "ipv4_address" => {
                    endpoint.ipv4_address = self.address::<std::net::Ipv4Addr>(value, "ipv4_address");
                }
                "ipv6_address" => {
                    endpoint.ipv6_address = self.address::<std::net::Ipv6Addr>(value, "ipv6_address");
                }
                "priority" => endpoint.priority = self.integer(value, "priority").unwrap_or_default(),
                _ => self.not_supported(key),
            }
        }
        endpoint
    }

    fn address<T: std::str::FromStr>(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.name(node, key)?;
        if text.parse::<T>().is_err() {
            self.bad(node.span, key, &text, "such an address");
            return None;
        }
        Some(text)
    }

    /// `networks` of a layer.
    pub(in crate::spec) fn network_defs(&mut self, node: &Node) -> BTreeMap<String, NetworkDef> {
        let mut out = BTreeMap::new();
        for (key, value) in self.entries(node, "networks").unwrap_or_default() {
            if !key.text.starts_with("x-") {
                let def = self.network_def(key, value);
                out.insert(key.text.clone(), def);
            }
        }
        out
    }

    fn network_def(&mut self, key: &Key, node: &Node) -> NetworkDef {
        let mut def = NetworkDef { span: key.span, ..NetworkDef::default() };
        let of = format!("the network `{}`", key.text);
        for (name, value) in self.map(node, &of, NETWORK_KEYS).unwrap_or_default() {
            match name.text.as_str() {
                "name" => def.name = self.name(value, "name"),
                "driver" => def.spec.driver = self.name(value, "driver"),
                "driver_opts" => def.spec.driver_opts = self.text_map(value, "driver_opts"),
                "ipam" => self.ipam(value, &mut def),
                "external" => def.external = self.external(value, &mut def.name),
                "internal" => def.spec.internal = self.boolean(value, "internal").unwrap_or_default(),
                "enable_ipv6" => def.spec.enable_ipv6 = self.boolean(value, "enable_ipv6"),
                "attachable" => def.spec.attachable = self.boolean(value, "attachable").unwrap_or_default(),
                "labels" => def.spec.labels = self.text_map(value, "labels"),
                // `enable_ipv4`, which is on unless it is turned off.
                _ => {
                    if self.boolean(value, "enable_ipv4") == Some(false) {
                        self.not_supported(name);
                    }
                }
            }
        }
        // An external object is called by its key, without the project's name.
        if def.external && def.name.is_none() {
            def.name = Some(key.text.clone());
        }
        def
    }

    fn ipam(&mut self, node: &Node, def: &mut NetworkDef) {
        for (key, value) in self.map(node, "`ipam`", &["driver", "config", "options"]).unwrap_or_default() {
            match key.text.as_str() {
                "driver" => def.spec.ipam_driver = self.name(value, "ipam.driver"),
                "config" => {
                    for item in self.list(value, "ipam.config").unwrap_or_default() {
                        let subnet = self.subnet(item);
                        def.spec.ipam.push(subnet);
                    }
                }
                _ => self.not_supported(key),
            }
        }
    }

    fn subnet(&mut self, node: &Node) -> Subnet {
        let mut subnet = Subnet::default();
        let known = ["subnet", "ip_range", "gateway", "aux_addresses"];
        for (key, value) in self.map(node, "`ipam.config`", &known).unwrap_or_default() {
            match key.text.as_str() {
                "subnet" => subnet.subnet = self.cidr(value, "subnet"),
                "ip_range" => subnet.ip_range = self.cidr(value, "ip_range"),
                "gateway" => subnet.gateway = self.address::<std::net::IpAddr>(value, "gateway"),
                _ => subnet.aux_addresses = self.text_map(value, "aux_addresses"),
            }
        }
        subnet
    }

    /// An address with the length of its prefix.
    pub(in crate::spec) fn cidr(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.name(node, key)?;
        let good = text.split_once('/').is_some_and(|(address, length)| {
            let most = match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => 32,
                Ok(std::net::IpAddr::V6(_)) => 128,
                Err(_) => return false,
            };
            length.parse::<u8>().is_ok_and(|length| length <= most)
        });
        if !good {
            self.bad(node.span, key, &text, "a range of addresses such as `10.1.0.0/16`");
            return None;
        }
        Some(text)
    }
}
