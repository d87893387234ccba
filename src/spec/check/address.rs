//! Static addresses lie in their networks, and no two services have the same.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::ip_network::IpNetwork;
use crate::model::network::NetworkSpec;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::model::topology::Layer;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    for (_, layer) in &lab.layers {
        let mut holders: HashMap<(&str, IpAddr), Span> = HashMap::new();
        for service in layer.services.values() {
            check_service(lab, layer, service, &mut holders);
        }
    }
}

fn check_service<'a>(
    lab: &Lab,
    layer: &'a Layer,
    service: &'a Service,
    holders: &mut HashMap<(&'a str, IpAddr), Span>,
) {
    for (key, endpoint) in &service.spec.networks {
        if endpoint.ipv4_address.is_none() && endpoint.ipv6_address.is_none() {
            continue;
        }
        let Some(def) = layer.networks.get(key) else { continue };
        let place = service.spans.get(&format!("networks.{key}")).unwrap_or(service.span_of("networks"));
        for text in [&endpoint.ipv4_address, &endpoint.ipv6_address].into_iter().flatten() {
            let Ok(address) = text.parse::<IpAddr>() else { continue };
            if service.scale > 1 {
                lab.problems.push(
                    Diagnostic::error(
                        Code::Contradiction,
                        format!("{} containers cannot all have the address `{text}`", service.scale),
                    )
                    .at(place, "")
                    .help("Take the address away, or let the service have one replica."),
                );
            }
            if let Some(first) = holders.insert((key.as_str(), address), place) {
                lab.problems.push(
                    Diagnostic::error(
                        Code::AddressClash,
                        format!("`{text}` in network `{key}` is given twice"),
                    )
                    .at(place, "again")
                    .at(first, "first")
                    .help("Give one of them another address."),
                );
            }
            if !def.external
                && let Some((message, help)) = misplaced(key, &def.spec, text, address)
            {
                lab.problems.push(
                    Diagnostic::error(Code::AddressClash, message)
                        .at(place, "")
                        .at(def.span, "the network")
                        .help(help),
                );
            }
        }
    }
}

/// Why an address cannot be had in a network that the lab makes, and what to do.
fn misplaced(key: &str, spec: &NetworkSpec, text: &str, address: IpAddr) -> Option<(String, String)> {
    // Another driver of addresses may have rules of its own.
    if spec.ipam_driver.as_ref().is_some_and(|driver| driver != "default") {
        return None;
    }
    let subnets: Vec<&str> = spec.ipam.iter().filter_map(|subnet| subnet.subnet.as_deref()).collect();
    let family = |subnet: &&str| IpNetwork::parse(subnet).is_some_and(|net| net.is_v6() == address.is_ipv6());
    if !subnets.iter().any(family) {
        let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
        let message =
            format!("network `{key}` has no {family} subnet of its own, and so no fixed address `{text}`");
        return Some((message, "Give the network a subnet: `ipam: {config: [{subnet: …}]}`.".to_owned()));
    }
    if !subnets.iter().any(|subnet| IpNetwork::parse(subnet).is_some_and(|net| net.contains(address))) {
        let message = format!("`{text}` lies outside of network `{key}`");
        return Some((message, format!("Choose an address of `{}`.", subnets.join("` or `"))));
    }
    let gateway = |gateway: &str| gateway.parse() == Ok(address);
    if spec.ipam.iter().filter_map(|subnet| subnet.gateway.as_deref()).any(gateway) {
        let message = format!("`{text}` is the gateway of network `{key}`");
        return Some((message, "Choose another address.".to_owned()));
    }
    None
}
