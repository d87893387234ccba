//! Networks and volumes of a layer, and the networks of a service.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{BindPath, Endpoint, NetworkMode};
use crate::model::ip_network::IpNetwork;
use crate::model::map::Map;
use crate::model::network::{NetworkSpec, Subnet, VolumeSpec};
use crate::model::span::{Span, Spanned};
use crate::model::topology::{NetworkDef, VolumeDef};
use crate::spec::raw::network::{
    External, Ipam, IpamPool, Network, Nullable, ServiceNetwork, ServiceNetworks, Volume,
};
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch};
use crate::spec::read::words::quote;
use crate::spec::text::cidr::is_cidr;

use super::lowering::Lowering;
use super::names::is_object_name;
use super::scope::Scope;
use super::value::{options, text_pairs, texts};

const ON: Option<Switch> = Some(Switch(true));

/// Whether a volume is a directory that is bound (compose-go `volumeDriverOpts`).
pub(crate) fn is_bind(driver: Option<&str>, how: Option<&str>) -> bool {
    driver == Some("local") && how == Some("bind")
}

impl Lowering<'_> {
    /// `networks` of a layer.
    pub(super) fn networks(&self, field: Field<Dict<Nullable<Network>>>) -> BTreeMap<String, NetworkDef> {
        let mut out = BTreeMap::new();
        for (key, field) in field.value.unwrap_or_default().0 {
            let span = field.key.unwrap_or_default();
            if !self.check_name("the name of a network", &key, span) {
                continue;
            }
            let raw = field.value.map(|raw| raw.0).unwrap_or_default();
            if let Some(name) = raw.name.get() {
                self.check_name("the name of a network", name.value, name.span);
            }
            let (external, old_name) = self.external("network", &raw.external, &raw.name);
            if external {
                self.only_external(
                    "network",
                    span,
                    &[
                        ("driver", raw.driver.key),
                        ("driver_opts", raw.driver_opts.key),
                        ("ipam", raw.ipam.key),
                        ("internal", raw.internal.key),
                        ("attachable", raw.attachable.key),
                        ("enable_ipv4", raw.enable_ipv4.key),
                        ("enable_ipv6", raw.enable_ipv6.key),
                        ("labels", raw.labels.key),
                    ],
                );
            }
            let (ipam_driver, ipam_options, ipam) = self.ipam(raw.ipam);
            let spec = NetworkSpec {
                driver: raw.driver.value,
                driver_opts: options(raw.driver_opts),
                internal: raw.internal.value == ON,
                attachable: raw.attachable.value == ON,
                enable_ipv4: raw.enable_ipv4.value.map(|switch| switch.0),
                enable_ipv6: raw.enable_ipv6.value.map(|switch| switch.0),
                ipam_driver,
                ipam_options,
                ipam,
                labels: text_pairs(raw.labels),
            };
            out.insert(key, NetworkDef { name: raw.name.value.or(old_name), external, spec, span });
        }
        out
    }

    /// `volumes` of a layer. Those inside a node that are directories of the user's machine are in the second map too.
    pub(super) fn volumes(
        &self,
        field: Field<Dict<Nullable<Volume>>>,
        scope: &Scope,
    ) -> (BTreeMap<String, VolumeDef>, BTreeMap<String, PathBuf>) {
        let (mut out, mut bound) = (BTreeMap::new(), BTreeMap::new());
        for (key, field) in field.value.unwrap_or_default().0 {
            let span = field.key.unwrap_or_default();
            if !self.check_name("the name of a volume", &key, span) {
                continue;
            }
            let raw = field.value.map(|raw| raw.0).unwrap_or_default();
            if let Some(name) = raw.name.get() {
                self.check_name("the name of a volume", name.value, name.span);
            }
            let (external, old_name) = self.external("volume", &raw.external, &raw.name);
            if external {
                self.only_external(
                    "volume",
                    span,
                    &[
                        ("driver", raw.driver.key),
                        ("driver_opts", raw.driver_opts.key),
                        ("labels", raw.labels.key),
                    ],
                );
            }
            let (driver_opts, path) =
                self.volume_options(raw.driver.value.as_deref(), raw.driver_opts, scope);
            bound.extend(path.filter(|_| !scope.path.is_root()).map(|path| (key.clone(), path)));
            let spec = VolumeSpec { driver: raw.driver.value, driver_opts, labels: text_pairs(raw.labels) };
            out.insert(key, VolumeDef { name: raw.name.value.or(old_name), external, spec, span });
        }
        (out, bound)
    }

    /// A volume that is a bind has a path of the user's machine (compose-go `volumeDriverOpts`), which is the second answer.
    fn volume_options(
        &self,
        driver: Option<&str>,
        field: Field<Dict<Plain>>,
        scope: &Scope,
    ) -> (BTreeMap<String, String>, Option<PathBuf>) {
        let place = field.place.unwrap_or_default();
        let mut out = options(field);
        if !is_bind(driver, out.get("o").map(String::as_str)) {
            return (out, None);
        }
        let Some(device) = out.get_mut("device") else { return (out, None) };
        let Some(BindPath::User(path)) = self.bind_path(device, place, scope) else { return (out, None) };
        *device = path.display().to_string();
        (out, Some(path))
    }

    /// What is made by somebody else cannot be described here.
    fn only_external(&self, what: &str, span: Span, keys: &[(&str, Option<Span>)]) {
        for (key, place) in keys {
            if let Some(place) = place {
                self.problems.push(
                    Diagnostic::error(Code::Contradiction, format!("an external {what} cannot have `{key}`"))
                        .at(*place, "")
                        .at(span, format!("the {what} is external"))
                        .help(format!("Take `{key}` away, or `external`.")),
                );
            }
        }
    }

    /// Whether it is made by somebody else, and the name that the old form gives (compose-go
    /// `transform/external.go`).
    fn external(&self, what: &str, field: &Field<External>, name: &Field<String>) -> (bool, Option<String>) {
        match field.get() {
            None => (false, None),
            Some(Spanned { value: External::Flag(flag), .. }) => (flag.0, None),
            Some(Spanned { value: External::Named(old), span }) => {
                self.problems.push(
                    Diagnostic::warning(Code::Deprecated, "`external` with a name below it is given up")
                        .at(span, "")
                        .help("Write `external: true`, and `name` beside it."),
                );
                if let (Some(old), Some(name)) = (old.name.get(), name.get())
                    && old.value != name.value
                {
                    self.problems.push(
                        Diagnostic::error(
                            Code::Contradiction,
                            format!("`external.name` and `name` of the {what} differ"),
                        )
                        .at(old.span, "")
                        .at(name.span, "")
                        .help("Keep `name`, and write `external: true`."),
                    );
                }
                if let Some(old) = old.name.get() {
                    self.check_name(&format!("the name of a {what}"), old.value, old.span);
                }
                (true, old.name.value.clone())
            }
        }
    }

    fn ipam(&self, field: Field<Ipam>) -> (Option<String>, BTreeMap<String, String>, Vec<Subnet>) {
        let Some(ipam) = field.value else { return (None, BTreeMap::new(), Vec::new()) };
        let pools = ipam.config.value.unwrap_or_default().0;
        let pools = pools.into_iter().map(|pool| self.subnet(pool.value)).collect();
        (ipam.driver.value, options(ipam.options), pools)
    }

    fn subnet(&self, pool: IpamPool) -> Subnet {
        for field in [&pool.subnet, &pool.ip_range] {
            if let Some(text) = field.get().filter(|text| !is_cidr(text.value)) {
                let help = "Write an address and the length of its prefix: `172.28.0.0/16`.";
                self.bad(text.span, format!("{} is not a network", quote(text.value)), help);
            }
        }
        self.ip::<IpAddr>(&pool.gateway, "an IP address");
        let aux = pool.aux_addresses.value.unwrap_or_default().0;
        aux.iter().for_each(|(_, address)| self.ip::<IpAddr>(address, "an IP address"));
        if let Some(subnet) = pool.subnet.get() {
            self.within_subnet(subnet.value, &pool.ip_range, &pool.gateway, &aux);
        }
        Subnet {
            subnet: pool.subnet.value,
            ip_range: pool.ip_range.value,
            gateway: pool.gateway.value,
            aux_addresses: aux
                .into_iter()
                .filter_map(|(name, address)| Some((name, address.value?)))
                .collect(),
        }
    }

    /// What a pool names beside its subnet lies in that subnet.
    fn within_subnet(
        &self,
        subnet: &str,
        ip_range: &Field<String>,
        gateway: &Field<String>,
        aux: &[(String, Field<String>)],
    ) {
        let Some(net) = IpNetwork::parse(subnet) else { return };
        let outside = |text: &str, span: Span| {
            let message = format!("{} lies outside of the subnet `{subnet}`", quote(text));
            self.problems.error(Code::AddressClash, span, message, "Choose one within the subnet.");
        };
        if let Some(range) = ip_range.get()
            && IpNetwork::parse(range.value).is_some_and(|range| !net.holds(range))
        {
            outside(range.value, range.span);
        }
        for address in [gateway].into_iter().chain(aux.iter().map(|(_, address)| address)) {
            if let Some(text) = address.get()
                && text.value.parse::<IpAddr>().is_ok_and(|address| !net.contains(address))
            {
                outside(text.value, text.span);
            }
        }
    }

    fn ip<T: std::str::FromStr>(&self, field: &Field<String>, what: &str) {
        if let Some(text) = field.get().filter(|text| text.value.parse::<T>().is_err()) {
            self.bad(
                text.span,
                format!("`{}` is not {what}", text.value),
                "Write one address, without a prefix.",
            );
        }
    }

    /// `networks` of a service; the default network where it names none and has no mode.
    pub(super) fn service_networks(
        &self,
        field: Field<ServiceNetworks>,
        mode: Option<&Spanned<NetworkMode>>,
    ) -> Map<String, Endpoint> {
        if let (Some(place), Some(mode)) = (field.key.filter(|_| field.value.is_some()), mode) {
            self.problems.push(
                Diagnostic::error(Code::Contradiction, "`network_mode` stands in place of `networks`")
                    .at(mode.span, "this mode")
                    .at(place, "and these networks")
                    .help("Keep one of them."),
            );
        }
        let mut out = Map::new();
        match field.value {
            None => {}
            Some(ServiceNetworks::Names(list)) => {
                out.extend(list.0.into_iter().map(|name| (name.value, Endpoint::default())));
            }
            Some(ServiceNetworks::Options(dict)) => {
                let endpoint = |field: Field<Nullable<ServiceNetwork>>| {
                    self.endpoint(field.value.map(|raw| raw.0).unwrap_or_default())
                };
                out.extend(dict.0.into_iter().map(|(key, field)| (key, endpoint(field))));
            }
        }
        if mode.is_some() {
            out.clear();
        } else if out.is_empty() {
            out.insert("default".to_owned(), Endpoint::default());
        }
        out
    }

    fn endpoint(&self, raw: ServiceNetwork) -> Endpoint {
        for address in raw.link_local_ips.value.iter().flat_map(|list| &list.0) {
            if address.value.parse::<IpAddr>().is_err() {
                let message = format!("{} is not an IP address", quote(&address.value));
                self.bad(address.span, message, "Write one address, without a prefix.");
            }
        }
        let mac_address = self.mac_address(&raw.mac_address);
        self.ip::<Ipv4Addr>(&raw.ipv4_address, "an IPv4 address");
        self.ip::<Ipv6Addr>(&raw.ipv6_address, "an IPv6 address");
        Endpoint {
            aliases: raw.aliases.value.map(texts).unwrap_or_default(),
            links: Vec::new(),
            ipv4_address: raw.ipv4_address.value,
            ipv6_address: raw.ipv6_address.value,
            priority: raw.priority.value.map_or(0, |priority| priority.0),
            gw_priority: raw.gw_priority.value.map_or(0, |priority| priority.0),
            interface_name: raw.interface_name.value,
            link_local_ips: raw.link_local_ips.value.map(texts).unwrap_or_default(),
            mac_address,
            driver_opts: options(raw.driver_opts),
        }
    }

    /// A MAC address, `02:42:ac:11:65:43` or with `-` or `.` (Go's `net.ParseMAC`).
    pub(super) fn mac_address(&self, field: &Field<String>) -> Option<String> {
        let Spanned { value, span } = field.get()?;
        let digits: String = value.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
        if digits.len() != 12 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            let help = "Write six bytes: `02:42:ac:11:65:43`.";
            self.bad(span, format!("{} is not a MAC address", quote(value)), help);
            return None;
        }
        Some(value.clone())
    }

    /// `network_mode`.
    pub(super) fn network_mode(&self, field: &Field<String>) -> Option<Spanned<NetworkMode>> {
        let Spanned { value, span } = field.get()?;
        let mode = match value.as_str() {
            "none" => NetworkMode::None,
            "host" => NetworkMode::Host,
            "bridge" => NetworkMode::Bridge,
            _ => match value.split_once(':') {
                Some(("service", name)) if !name.is_empty() => NetworkMode::Service(name.to_owned()),
                Some(("container", name)) if !name.is_empty() => NetworkMode::Container(name.to_owned()),
                None if is_object_name(value) => NetworkMode::Named(value.clone()),
                _ => {
                    let help = "Write `none`, `host`, `bridge`, `service:NAME`, `container:NAME` or the name of a network on the engine; a network of the layer belongs into `networks`.";
                    self.bad(span, format!("{} is not a network mode", quote(value)), help);
                    return None;
                }
            },
        };
        Some(Spanned::new(mode, span))
    }
}
