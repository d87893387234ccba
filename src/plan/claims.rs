//! Claims of the file on one engine that exclude each other: names and ports, found before anything is created.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::IpAddr;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{PortBinding, Protocol};
use crate::model::quick_hash::QuickHash;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::model::topology::Topology;

use super::world::World;

/// Finds all clashes of a lab.
pub(super) fn check(world: &World<'_>, problems: &mut Diagnostics) {
    names(world, &world.instances, problems);
    ports(world, &world.instances, problems);
    for (addr, service) in &world.instances {
        if !service.publish.is_empty() && world.is_elsewhere(&addr.layer()) {
            for publish in &service.publish {
                problems.push(
                    Diagnostic::error(
                        Code::KindConflict,
                        format!("`{addr}` cannot publish through a `tcp` node"),
                    )
                    .at(publish.span, "its engine is not one that this lab makes")
                    .help("use `ports`: they are published on that engine's machine"),
                );
            }
        }
    }
}

/// A port of an engine's machine, whatever the address.
type Socket = (LayerPath, Protocol, u16);

#[derive(Clone)]
struct Claim {
    by: String,
    span: Span,
}

/// What has a name on an engine.
#[derive(Clone, PartialEq, Eq)]
enum Named<'a> {
    Container(&'a Addr),
    Network(&'a str, LayerPath),
    Volume(&'a str, LayerPath),
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(addr) => write!(f, "`{addr}`"),
            Self::Network(key, layer) => write!(f, "network `{key}` of layer `{layer}`"),
            Self::Volume(key, layer) => write!(f, "volume `{key}` of layer `{layer}`"),
        }
    }
}

fn names<'a>(world: &World<'a>, instances: &'a [(Addr, &Service)], problems: &mut Diagnostics) {
    let mut claims: HashMap<(LayerPath, &str, String), (Named<'_>, Span), QuickHash> = HashMap::default();
    claims.reserve(instances.len());
    let mut claim = |home: LayerPath, what: &'static str, name: String, by: Named<'a>, span: Span| {
        let entry = match claims.entry((home, what, name)) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(free) => {
                free.insert((by, span));
                return;
            }
        };
        let ((.., name), (other, first)) = (entry.key(), entry.get());
        if *other != by {
            problems.push(
                Diagnostic::error(Code::NameClash, format!("{other} and {by} would both be called `{name}`"))
                    .at(span, format!("{what} `{name}` here"))
                    .at(*first, "and here, on the same engine")
                    .help("give one of the layers a `name:`, or one of the objects"),
            );
        }
    };
    for (addr, service) in instances {
        let span = service.container_name.as_ref().map_or(service.span, |name| name.span);
        let home = world.home(&addr.layer());
        claim(home, "container", world.container_name(addr, service), Named::Container(addr), span);
    }
    let mut layers: Vec<LayerPath> = vec![LayerPath::root()];
    layers
        .extend(instances.iter().filter(|(_, service)| service.node.is_some()).map(|(addr, _)| addr.inner()));
    for path in layers {
        let Some(layer) = world.topology.layer(&path) else { continue };
        for (key, def) in layer.networks.iter().filter(|(_, def)| !def.external) {
            let by = Named::Network(key, path.clone());
            claim(world.home(&path), "network", world.network_name(&path, key), by, def.span);
        }
        for (key, def) in layer.volumes.iter().filter(|(_, def)| !def.external) {
            let by = Named::Volume(key, path.clone());
            claim(world.home(&path), "volume", world.volume_name(&path, key), by, def.span);
        }
    }
}

fn ports(world: &World<'_>, instances: &[(Addr, &Service)], problems: &mut Diagnostics) {
    let mut claims: HashMap<Socket, Vec<(Option<String>, Claim)>> = HashMap::new();
    for (addr, service) in instances {
        let home = world.home(&addr.layer());
        let own = service.spec.ports.iter().map(|port| (port, service.span_of("ports")));
        let origin = world.origin_ports(addr).iter().map(|(port, span)| (port, *span));
        let carried = world.carried(addr).map(|carried| carried.ports.as_slice()).unwrap_or_default();
        let carried = carried.iter().map(|(port, span, _)| (port, *span));
        for (port, span) in own.chain(origin).chain(carried) {
            let Some(number) = fixed(port) else { continue };
            let slot = claims.entry((home.clone(), port.protocol, number)).or_default();
            let by = format!("`{addr}`");
            if let Some((_, other)) =
                slot.iter().find(|(ip, _)| addresses_meet(ip.as_deref(), port.host_ip.as_deref()))
            {
                let place =
                    if home.is_root() { "the root engine's host".to_owned() } else { format!("`{home}`") };
                let both =
                    if other.by == by { format!("{by} twice") } else { format!("{} and {by}", other.by) };
                let mut problem = Diagnostic::error(
                    Code::PortClash,
                    format!("port {number}/{} of {place} is claimed by {both}", port.protocol.as_str()),
                )
                .at(span, "claimed here");
                if other.span != span {
                    problem = problem.at(other.span, "and here");
                }
                problems.push(problem.help("use another number, a range (`8080-8089:80`), or no host port"));
            }
            slot.push((port.host_ip.clone(), Claim { by, span }));
        }
    }
}

/// A fixed port that the file takes on the machine of an instance's engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortClaim {
    /// Its number there.
    pub number: u16,
    /// Its transport.
    pub protocol: Protocol,
    /// Who asks for it: the instance itself, or what it carries the port for.
    pub by: Addr,
    /// Where.
    pub span: Span,
}

/// The fixed ports that `addr` takes on the machine of its engine.
pub fn ports_of(topology: &Topology, addr: &Addr) -> Vec<PortClaim> {
    claimed(&World::new(topology), addr)
}

pub(super) fn claimed(world: &World<'_>, addr: &Addr) -> Vec<PortClaim> {
    let Some(service) = world.topology.service(addr) else { return Vec::new() };
    let own = service.spec.ports.iter().map(|port| (port, service.span_of("ports"), addr));
    let origin = world.origin_ports(addr).iter().map(|(port, span)| (port, *span, addr));
    let carried = world.carried(addr).map(|carried| carried.ports.as_slice()).unwrap_or_default();
    let carried = carried.iter().map(|(port, span, by)| (port, *span, by));
    let all = own.chain(origin).chain(carried);
    all.filter_map(|(port, span, by)| {
        Some(PortClaim { number: fixed(port)?, protocol: port.protocol, by: by.clone(), span })
    })
    .collect()
}

/// The one port of the engine's machine that a binding takes, if it is fixed.
fn fixed(port: &PortBinding) -> Option<u16> {
    port.host.filter(|(first, last)| first == last).map(|(first, _)| first)
}

/// Whether two bindings of one port, on these addresses, get in each other's way.
pub(super) fn addresses_meet(a: Option<&str>, b: Option<&str>) -> bool {
    let all =
        |ip: Option<&str>| ip.and_then(|ip| ip.parse::<IpAddr>().ok()).is_none_or(|ip| ip.is_unspecified());
    all(a) || all(b) || a == b
}
