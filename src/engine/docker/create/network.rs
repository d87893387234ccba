//! Requests for networks and volumes, and a container's part in a network.

use bollard::models::{
    EndpointIpamConfig, EndpointSettings, Ipam, IpamConfig, NetworkCreateRequest, VolumeCreateRequest,
};

use crate::model::container::Endpoint;
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, VolumeSpec};

use super::some::{some, some_map};

/// The option by which the name of an interface is asked for (Compose `endpointDriverOpts`).
const INTERFACE_NAME: &str = "com.docker.network.endpoint.ifname";

/// How a container takes part in a network.
pub(in crate::engine::docker) fn endpoint_settings(endpoint: &Endpoint) -> EndpointSettings {
    let fixed = endpoint.ipv4_address.is_some()
        || endpoint.ipv6_address.is_some()
        || !endpoint.link_local_ips.is_empty();
    let mut driver_opts = endpoint.driver_opts.clone();
    if let Some(name) = &endpoint.interface_name {
        driver_opts.insert(INTERFACE_NAME.to_owned(), name.clone());
    }
    EndpointSettings {
        ipam_config: fixed.then(|| EndpointIpamConfig {
            ipv4_address: endpoint.ipv4_address.clone(),
            ipv6_address: endpoint.ipv6_address.clone(),
            link_local_ips: some(endpoint.link_local_ips.clone()),
        }),
        aliases: some(endpoint.aliases.clone()),
        // What Compose repeats here the engine shows until the container starts (`createEndpointSettings`).
        ip_address: endpoint.ipv4_address.clone(),
        ipv6_gateway: endpoint.ipv6_address.clone(),
        mac_address: endpoint.mac_address.clone(),
        driver_opts: some_map(&driver_opts),
        gw_priority: Some(endpoint.gw_priority).filter(|priority| *priority != 0),
        links: some(endpoint.links.clone()),
        ..EndpointSettings::default()
    }
}

/// The body of `POST /networks/create`.
pub(in crate::engine::docker) fn network(
    name: &str,
    spec: &NetworkSpec,
    labels: &Labels,
) -> NetworkCreateRequest {
    let ipam = spec.ipam_driver.is_some() || !spec.ipam.is_empty() || !spec.ipam_options.is_empty();
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: spec.driver.clone(),
        internal: spec.internal.then_some(true),
        attachable: spec.attachable.then_some(true),
        ipam: ipam.then(|| Ipam {
            driver: spec.ipam_driver.clone(),
            config: some(spec.ipam.iter().map(|subnet| IpamConfig {
                subnet: subnet.subnet.clone(),
                ip_range: subnet.ip_range.clone(),
                gateway: subnet.gateway.clone(),
                auxiliary_addresses: some_map(&subnet.aux_addresses),
            })),
            options: some_map(&spec.ipam_options),
        }),
        enable_ipv4: spec.enable_ipv4,
        enable_ipv6: spec.enable_ipv6,
        options: some_map(&spec.driver_opts),
        labels: some_map(spec.labels.iter().chain(labels)),
        ..NetworkCreateRequest::default()
    }
}

/// The body of `POST /volumes/create`.
pub(in crate::engine::docker) fn volume(
    name: &str,
    spec: &VolumeSpec,
    labels: &Labels,
) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(name.to_owned()),
        driver: spec.driver.clone(),
        driver_opts: some_map(&spec.driver_opts),
        labels: some_map(spec.labels.iter().chain(labels)),
        cluster_volume_spec: None,
    }
}
