//! Absolute binds of inner services: they mean a path of the node, which goes with the node unless it lies on a
//! volume of it.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{BindPath, MountSource};
use crate::model::observed::ObservedContainer;
use crate::model::service::Service;

use super::desired::{Circumstances, Desired};
use super::up::Planner;
use super::world::{World, kind_of};

/// What the kernel shows under these is there again in every container.
const OF_THE_KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// A bind of a node's path.
struct NodeBind<'a> {
    path: &'a str,
    read_only: bool,
}

/// The paths of a node that a service binds. The engine's own socket is made by each start of the node.
fn node_binds<'a>(service: &'a Service, node: &Service) -> impl Iterator<Item = NodeBind<'a>> {
    let socket = kind_of(node).and_then(|kind| kind.socket);
    service.spec.mounts.iter().filter_map(move |mount| match &mount.source {
        MountSource::Bind { path: BindPath::Engine(path), .. }
            if Some(path.as_str()) != socket && !OF_THE_KERNEL.iter().any(|top| is_within(path, top)) =>
        {
            Some(NodeBind { path, read_only: mount.read_only })
        }
        _ => None,
    })
}

/// The node on whose machine the containers of a layer are, if it is one that the lab makes.
fn node_of<'a>(world: &World<'a>, layer: &LayerPath) -> Option<(Addr, &'a Service)> {
    let node = world.home(layer).node().filter(|_| !world.is_elsewhere(layer))?;
    let service = world.topology.service(&node)?;
    Some((node, service))
}

/// Paths that services of `layer` bind and that are on the user's machine too: whether they are on the node as well
/// is worth a look once its engine answers.
pub(super) fn worth_a_look(planner: &Planner<'_>, layer: &LayerPath) -> Vec<String> {
    let Some((_, node)) = node_of(planner.world, layer) else { return Vec::new() };
    let services = planner.world.topology.layer(layer).map(|layer| layer.services.values());
    let binds = services.into_iter().flatten().flat_map(|service| node_binds(service, node));
    let paths: BTreeSet<&str> = binds.map(|bind| bind.path).collect();
    paths.into_iter().filter(|path| planner.known.user_has.contains(*path)).map(str::to_owned).collect()
}

/// Warnings about the paths of its node that a service binds.
pub(super) fn warn(planner: &mut Planner<'_>, addr: &Addr, service: &Service) {
    let layer = addr.layer();
    let Some((node_addr, node)) = node_of(planner.world, &layer) else { return };
    let binds: Vec<NodeBind<'_>> = node_binds(service, node).collect();
    if binds.is_empty() {
        return;
    }
    let lasting = lasting_paths(planner, &node_addr, node);
    let lacking = planner.known.lacking.get(&layer);
    let mut problems = Vec::new();
    for bind in binds {
        let path = bind.path;
        if lacking.is_some_and(|lacking| lacking.contains(path)) {
            problems.push(
                Diagnostic::warning(
                    Code::NodePath,
                    format!("`{path}` of `{addr}` is on your machine, and not inside `{node_addr}`, where it is meant"),
                )
                .help("a path relative to the lab file (`./…`) means your machine at every depth"),
            );
        }
        // What is only read was not written there; it comes with the node's image.
        if !bind.read_only && !lasting.iter().any(|lasting| is_within(path, lasting)) {
            problems.push(
                Diagnostic::warning(
                    Code::NodePath,
                    format!("`{path}` of `{addr}` lies on no volume of `{node_addr}`: it goes when that is made anew"),
                )
                .help(format!("use a named volume, or give `{node_addr}` one there (`volumes: [\"data:{path}\"]`)")),
            );
        }
    }
    let span = service.span_of("volumes");
    problems.into_iter().for_each(|problem| planner.problem(problem, span));
}

/// Where a node has something that outlives its container.
fn lasting_paths(planner: &mut Planner<'_>, addr: &Addr, node: &Service) -> Vec<String> {
    if let Some(known) = planner.lasting.get(addr) {
        return known.clone();
    }
    let desired =
        Desired::new(planner.world, planner.known, &BTreeSet::new(), addr, node, &Circumstances::default());
    let lasts =
        |source: &MountSource| !matches!(source, MountSource::Tmpfs { .. } | MountSource::Memory { .. });
    let mounts = desired.spec.mounts.iter().filter(|mount| lasts(&mount.source));
    let paths: Vec<String> = mounts.map(|mount| mount.target.clone()).collect();
    planner.lasting.insert(addr.clone(), paths.clone());
    paths
}

/// Refuses to replace the container of a node when paths inside it that services have written to would go with it.
pub(super) fn refuse_loss(
    planner: &mut Planner<'_>,
    addr: &Addr,
    node: &Service,
    container: &ObservedContainer,
) {
    if planner.up.discard_node_files {
        return;
    }
    let lasting: Vec<&str> = container
        .mounts
        .iter()
        .filter(|mount| mount.volume.is_some() || !mount.source.is_empty())
        .map(|mount| mount.target.as_str())
        .collect();
    let inner = addr.inner();
    let is_known = planner.known.seen(&inner).is_some();
    let mut lost: Vec<String> = Vec::new();
    for (user, service) in planner.world.topology.instances() {
        let is_inside = user.layer().is_within(&inner) && planner.world.home(&user.layer()) == inner;
        // A service that was never there has written nothing. An engine that is silent cannot say.
        if !is_inside || (is_known && !planner.existing.contains_key(&user)) {
            continue;
        }
        for bind in node_binds(service, node) {
            if !bind.read_only && !lasting.iter().any(|lasting| is_within(bind.path, lasting)) {
                lost.push(format!("`{}` (`{user}`)", bind.path));
            }
        }
    }
    if lost.is_empty() {
        return;
    }
    let problem = Diagnostic::error(
        Code::NodePath,
        format!("`{addr}` must be made anew, and what is inside it at {} would go with it", lost.join(", ")),
    )
    .help("keep what you need of it (`docker cp`); `--discard-node-files` gives it up");
    planner.problem(problem, node.span);
}

/// Whether `path` is `above` or lies below it.
fn is_within(path: &str, above: &str) -> bool {
    let above = above.trim_end_matches('/');
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
