//! Networks and volumes of a layer, and how a service takes part in networks.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Plain, Switch, Whole};
use crate::spec::read::list::List;

use super::several::Pairs;

/// Networks of a service: names, or a mapping with options.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum ServiceNetworks {
    #[serde(rename = "list")]
    Names(List<String>),
    #[serde(rename = "mapping")]
    Options(Dict<Nullable<ServiceNetwork>>),
}

/// A mapping that may be left empty (`front:`).
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Nullable<T>(pub(crate) T);

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Nullable_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({"anyOf": [value, {"type": "null"}]})
    }
}

/// How a service takes part in a network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ServiceNetwork {
    /// More names of the service in this network.
    pub(crate) aliases: Field<List<String>>,
    /// A fixed address; the network needs a subnet that holds it.
    pub(crate) ipv4_address: Field<String>,
    /// A fixed IPv6 address.
    pub(crate) ipv6_address: Field<String>,
    /// The network with the largest number is connected first.
    pub(crate) priority: Field<Whole>,
    /// The network with the largest number gives the default gateway (Engine API 1.48).
    pub(crate) gw_priority: Field<Whole>,
    /// Name of the interface inside (Engine API 1.49).
    #[cfg_attr(test, schemars(example = &"eth0"))]
    pub(crate) interface_name: Field<String>,
    /// Link-local addresses.
    pub(crate) link_local_ips: Field<List<String>>,
    /// MAC address in this network.
    #[cfg_attr(test, schemars(example = &"02:42:ac:11:65:43"))]
    pub(crate) mac_address: Field<String>,
    /// Options of the driver for this endpoint.
    pub(crate) driver_opts: Field<Dict<Plain>>,
}

/// A network of a layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Network {
    /// Name on the engine; otherwise `<project>_<key>`.
    pub(crate) name: Field<String>,
    /// Driver; otherwise `bridge`.
    pub(crate) driver: Field<String>,
    /// Options of the driver.
    pub(crate) driver_opts: Field<Dict<Plain>>,
    /// Addresses.
    pub(crate) ipam: Field<Ipam>,
    /// Made by somebody else: it must be there.
    pub(crate) external: Field<External>,
    /// No way out of the network.
    pub(crate) internal: Field<Switch>,
    /// Containers may join by hand (overlay).
    pub(crate) attachable: Field<Switch>,
    /// IPv6 as well.
    pub(crate) enable_ipv6: Field<Switch>,
    /// Labels.
    pub(crate) labels: Field<Pairs>,
    /// IPv4; otherwise it is on (Engine API 1.47).
    pub(crate) enable_ipv4: Field<Switch>,
}

/// `external`: a switch, or the old form with the name.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(crate) enum External {
    #[serde(rename = "scalar")]
    Flag(Switch),
    #[serde(rename = "mapping")]
    Named(ExternalName),
}

/// The old form of `external`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExternalName {
    /// Name on the engine. Write `name` beside `external: true` instead.
    pub(crate) name: Field<String>,
}

/// Addresses of a network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Ipam {
    /// Driver; otherwise `default`.
    pub(crate) driver: Field<String>,
    /// Subnets.
    pub(crate) config: Field<List<IpamPool>>,
    /// Options of the driver.
    pub(crate) options: Field<Dict<Plain>>,
}

/// One subnet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct IpamPool {
    /// The subnet (CIDR).
    #[cfg_attr(test, schemars(example = &"172.28.0.0/16"))]
    pub(crate) subnet: Field<String>,
    /// The part of it to give out (CIDR).
    pub(crate) ip_range: Field<String>,
    /// Address of the gateway.
    pub(crate) gateway: Field<String>,
    /// Addresses that others use, by name.
    pub(crate) aux_addresses: Field<Dict<String>>,
}

/// A volume of a layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Volume {
    /// Name on the engine; otherwise `<project>_<key>`.
    pub(crate) name: Field<String>,
    /// Driver; otherwise `local`.
    pub(crate) driver: Field<String>,
    /// Options of the driver.
    pub(crate) driver_opts: Field<Dict<Plain>>,
    /// Made by somebody else: it must be there.
    pub(crate) external: Field<External>,
    /// Labels.
    pub(crate) labels: Field<Pairs>,
}
