//! Networks and volumes as asked for.

use std::collections::BTreeMap;

use super::label::Labels;

/// A network to make.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NetworkSpec {
    /// Driver; `None`: the engine's default (`bridge`).
    pub driver: Option<String>,
    /// Options of the driver.
    pub driver_opts: BTreeMap<String, String>,
    /// No way out.
    pub internal: bool,
    /// Containers may join by hand (overlay).
    pub attachable: bool,
    /// IPv4; `None`: on (Engine API 1.47).
    pub enable_ipv4: Option<bool>,
    /// IPv6; `None`: the engine's default.
    pub enable_ipv6: Option<bool>,
    /// Address management driver.
    pub ipam_driver: Option<String>,
    /// Options of that driver.
    pub ipam_options: BTreeMap<String, String>,
    /// Subnets.
    pub ipam: Vec<Subnet>,
    /// Labels that the user gives.
    pub labels: Labels,
}

/// A subnet of a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Subnet {
    /// CIDR.
    pub subnet: Option<String>,
    /// CIDR of addresses to give out.
    pub ip_range: Option<String>,
    /// Gateway address.
    pub gateway: Option<String>,
    /// Addresses in use by others.
    pub aux_addresses: BTreeMap<String, String>,
}

/// A volume to make.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VolumeSpec {
    /// Driver; `None`: `local`.
    pub driver: Option<String>,
    /// Options of the driver.
    pub driver_opts: BTreeMap<String, String>,
    /// Labels that the user gives.
    pub labels: Labels,
}
