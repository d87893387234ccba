//! What the planner must know of the user's machine and its relation to the root engine.

use std::net::IpAddr;

use crate::kind::kind::Hosting;
use crate::kind::kinds;
use crate::model::topology::{Layer, Topology};
use crate::plan::goal::inner_user_paths;
use crate::plan::known::Known;
use crate::transfer::host_files::HostFiles;

use super::context::Ctx;
use super::error::OpError;
use super::host_files::DiskFiles;

/// Adds it to what was observed: whether the root engine sees the user's files (asked only when something inside
/// a node binds one), digests of what must be copied, the root engine's socket, and networks to keep away from.
///
/// # Errors
/// When the engine does not answer.
pub async fn learn(ctx: &Ctx, topology: &Topology, known: &mut Known) -> Result<(), OpError> {
    known.root_socket = ctx.endpoint.socket_path().map(str::to_owned);
    if known.root_socket.is_some() {
        known.avoid = local_networks();
    }
    let paths = inner_user_paths(topology);
    if paths.is_empty() {
        return Ok(());
    }
    // One question for all: the directory that holds the lab stands for the paths around it.
    known.sees_files = Some(ctx.root.sees(&topology.directory.to_string_lossy()).await?);
    if known.sees_files == Some(false) || leads_elsewhere(&topology.root) {
        for path in paths {
            // A path that cannot be read fails the copy, with its reason.
            if let Ok(digest) = DiskFiles.digest(&path) {
                known.digests.insert(path, digest);
            }
        }
    }
    Ok(())
}

/// Whether a node of the lab leads to an engine that the lab does not make.
fn leads_elsewhere(layer: &Layer) -> bool {
    layer.services.values().filter_map(|service| service.node.as_ref()).any(|node| {
        let kind = kinds::find(&node.kind.value);
        kind.is_some_and(|kind| kind.hosting == Hosting::Elsewhere) || leads_elsewhere(&node.inner)
    })
}

/// Networks that this machine uses: its routes, and the addresses of its resolvers. The engine runs here when it
/// is reached by a socket.
fn local_networks() -> Vec<String> {
    let resolvers = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    resolver_addresses(&resolvers).chain(route_networks(&routes)).collect()
}

fn resolver_addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines()
        .filter_map(|line| line.strip_prefix("nameserver"))
        .map(str::trim)
        .filter(|address| address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()))
        .map(str::to_owned)
}

/// `/proc/net/route`: destination and mask in the second and eighth column, hexadecimal, in the machine's byte
/// order. The default route is no network to keep away from.
fn route_networks(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| u32::from_str_radix(columns.get(at)?, 16).ok().map(as_in_memory);
        let (destination, mask) = (number(1)?, number(7)?);
        (mask != 0).then(|| format!("{}/{}", std::net::Ipv4Addr::from(destination), mask.count_ones()))
    })
}

/// A number that the kernel printed as it lies in memory, in network byte order.
fn as_in_memory(number: u32) -> u32 {
    u32::from_be_bytes(number.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn routes_and_resolvers_are_read() {
        let routes = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
                      eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\n\
                      eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n";
        assert_eq!(route_networks(routes).collect::<Vec<_>>(), ["192.168.0.0/24"]);
        let resolvers = "# x\nnameserver 10.0.0.53\nnameserver fe80::1\noptions ndots:0\n";
        assert_eq!(resolver_addresses(resolvers).collect::<Vec<_>>(), ["10.0.0.53"]);
    }
}
