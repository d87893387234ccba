//! Ranges of addresses in the file that exclude each other: no engine takes two networks that overlap, and what is
//! inside a node cannot reach a network around it whose addresses it has itself.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::LayerPath;
use crate::model::ip_network::IpNetwork;
use crate::model::span::Span;

use super::world::World;

/// A range that the file gives to an engine.
struct Range<'a> {
    engine: LayerPath,
    /// On a machine that the lab does not make: its networks are not within those of the nodes around.
    elsewhere: bool,
    /// The engine's pool, from which its own networks come.
    pool: bool,
    what: String,
    text: &'a str,
    cidr: IpNetwork,
    span: Span,
}

/// Finds all clashes of a lab.
pub(super) fn check(world: &World<'_>, problems: &mut Diagnostics) {
    let ranges = ranges(world);
    let mut told = BTreeSet::new();
    for (i, a) in ranges.iter().enumerate() {
        for b in &ranges[..i] {
            // Replicas of a node repeat what the file says once.
            if a.cidr.overlaps(b.cidr) && exclude(a, b) && told.insert((b.span, a.span)) {
                problems.push(problem(a, b));
            }
        }
    }
}

fn ranges<'a>(world: &World<'a>) -> Vec<Range<'a>> {
    let mut out = Vec::new();
    let topology = world.topology;
    let nodes = world.instances.iter().filter_map(|(addr, service)| Some((addr, service.node.as_ref()?)));
    let mut layers = vec![LayerPath::root()];
    layers.extend(nodes.clone().map(|(addr, _)| addr.inner()));
    for path in layers {
        let Some(layer) = topology.layer(&path) else { continue };
        for (key, def) in layer.networks.iter().filter(|(_, def)| !def.external) {
            for text in def.spec.ipam.iter().filter_map(|subnet| subnet.subnet.as_deref()) {
                let Some(cidr) = IpNetwork::parse(text) else { continue };
                out.push(Range {
                    engine: world.home(&path),
                    elsewhere: world.is_elsewhere(&path),
                    pool: false,
                    what: format!("network `{key}` of layer `{path}`"),
                    text,
                    cidr,
                    span: def.span,
                });
            }
        }
    }
    for (addr, node) in nodes {
        let Some(pool) = &node.options.address_pool else { continue };
        let Some(cidr) = IpNetwork::parse(&pool.value) else { continue };
        out.push(Range {
            engine: addr.inner(),
            elsewhere: world.is_elsewhere(&addr.inner()),
            pool: true,
            what: format!("the address pool of `{addr}`"),
            text: &pool.value,
            cidr,
            span: pool.span,
        });
    }
    out
}

fn exclude(a: &Range<'_>, b: &Range<'_>) -> bool {
    if a.engine == b.engine {
        return !a.pool && !b.pool;
    }
    a.elsewhere == b.elsewhere && (a.engine.is_within(&b.engine) || b.engine.is_within(&a.engine))
}

fn problem(a: &Range<'_>, b: &Range<'_>) -> Diagnostic {
    let why = if a.engine == b.engine { "on the same engine" } else { "around what is inside" };
    let message = format!("{} ({}) and {} ({}) overlap", b.what, b.text, a.what, a.text);
    let mut problem = Diagnostic::error(Code::AddressClash, message).at(a.span, "here");
    if a.span != b.span {
        problem = problem.at(b.span, format!("and here, {why}"));
    }
    problem.help("give one of them other addresses, or none: nestctl chooses what is free")
}
