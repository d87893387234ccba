//! What a plan must know of the user's machine and of the way to the root engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::executor::engines::Engines;
use crate::executor::pulled::is_due;
use crate::executor::survey::{Surveyed, lacking};
use crate::kind::kind::Hosting;
use crate::kind::kinds;
use crate::model::addr::LayerPath;
use crate::model::container::{BindPath, MountSource};
use crate::model::failure::FailureKind;
use crate::model::service::{PullPolicy, Service};
use crate::model::topology::{Layer, Topology};
use crate::plan::known::Known;
use crate::transfer::host_files::HostFiles;

use super::context::Ctx;
use super::error::OpError;
use super::host_facts;
use super::host_files::DiskFiles;

/// Adds them to what was observed, as far as this lab makes them count.
///
/// # Errors
/// When the root engine cannot be asked any more.
pub async fn add(surveyed: &mut Surveyed, ctx: &Ctx, topology: &Topology) -> Result<(), OpError> {
    let Surveyed { known, engines, .. } = surveyed;
    known.root_socket = ctx.endpoint.socket_path().map(str::to_owned);
    known.avoid = host_facts::resolvers();
    if known.root_socket.is_some() {
        known.avoid.extend(host_facts::routes());
    }
    look_for_due_pulls(known, ctx, topology).await;
    let layers = topology.layers();
    let mut services = layers.iter().flat_map(|(_, layer)| running(layer));
    if services.any(|service| service.behaviour.use_api_socket) {
        known.credentials = ctx.endpoint.credentials_file().await?.map(Into::into);
    }
    look_for_node_paths(known, engines, topology).await;
    look_for_missing_paths(known, ctx, topology).await;
    let inner = inner_user_paths(topology);
    if inner.is_empty() {
        return Ok(());
    }
    let directory = topology.directory.to_string_lossy();
    let sees = match ctx.root.sees(&directory).await {
        Ok(sees) => sees,
        Err(error) if error.kind == FailureKind::Unreachable => return Err(error.into()),
        // An engine that cannot say is taken for one that does not see: copies work everywhere.
        Err(_) => false,
    };
    known.sees_files = Some(sees);
    let copied: BTreeSet<PathBuf> =
        inner.into_iter().filter(|it| !sees || it.elsewhere).map(|it| it.path).collect();
    let digests = tokio::task::spawn_blocking(move || {
        let disk: Arc<dyn HostFiles> = Arc::new(DiskFiles);
        // A path that cannot be read has no digest; the step that copies it says why.
        copied.into_iter().filter_map(|path| Some((path.clone(), disk.digest(&path).ok()?))).collect()
    });
    known.digests = digests.await.unwrap_or_default();
    Ok(())
}

/// Images that the file wants to be no older than some time. All are pulled at the root.
async fn look_for_due_pulls(known: &mut Known, ctx: &Ctx, topology: &Topology) {
    let mut wanted: BTreeSet<(String, std::time::Duration)> = BTreeSet::new();
    for service in topology.layers().into_iter().flat_map(|(_, layer)| running(layer)) {
        if let PullPolicy::Refresh(after) = service.pull_policy {
            let kind = service.node.as_ref().and_then(|node| kinds::find(&node.kind.value));
            let default = kind.and_then(|kind| kind.default_image).unwrap_or_default();
            let image = if service.spec.image.is_empty() { default } else { &service.spec.image };
            wanted.insert((image.to_owned(), after));
        }
    }
    for (image, after) in wanted {
        if is_due(&*ctx.root, &image, after).await {
            known.due.insert((image, after));
        }
    }
}

/// Binds of services on the root engine that must exist (`create_host_path: false`). The engine is asked only about
/// what is not on the user's machine, where nearly every engine is.
async fn look_for_missing_paths(known: &mut Known, ctx: &Ctx, topology: &Topology) {
    let mut wanted: BTreeSet<&PathBuf> = BTreeSet::new();
    for (path, layer) in topology.layers() {
        if hostings_around(topology, &path).iter().any(|hosting| *hosting != Hosting::Parents) {
            continue;
        }
        for mount in running(layer).flat_map(|service| &service.spec.mounts) {
            if let MountSource::Bind { path: BindPath::User(path), create: false, .. } = &mount.source
                && !path.exists()
            {
                wanted.insert(path);
            }
        }
    }
    for path in wanted {
        // An engine that cannot say is left to say it when the container is made.
        if matches!(ctx.root.sees(&path.to_string_lossy()).await, Ok(false)) {
            known.missing_paths.insert(path.clone());
        }
    }
}

/// Absolute binds of inner services mean paths of their nodes. Finds those that are on the user's machine, and whether
/// nodes that answer have them too.
async fn look_for_node_paths(known: &mut Known, engines: &Engines, topology: &Topology) {
    let mut wanted: BTreeMap<LayerPath, BTreeSet<String>> = BTreeMap::new();
    for (path, layer) in topology.layers() {
        if hostings_around(topology, &path).iter().all(|hosting| *hosting == Hosting::Parents) {
            continue;
        }
        for mount in running(layer).flat_map(|service| &service.spec.mounts) {
            if let MountSource::Bind { path: BindPath::Engine(bound), .. } = &mount.source
                && Path::new(bound).exists()
            {
                known.user_has.insert(bound.clone());
                wanted.entry(path.clone()).or_default().insert(bound.clone());
            }
        }
    }
    for (layer, paths) in wanted {
        let engine = known.home(&layer).and_then(|home| engines.get(home));
        if let Some(engine) = engine {
            let paths: Vec<String> = paths.into_iter().collect();
            let lacking = lacking(&*engine, &paths).await;
            known.lacking.insert(layer, lacking);
        }
    }
}

/// A path of the user's machine that a service on an inner engine binds.
struct InnerPath {
    path: PathBuf,
    /// The engine is on a machine of its own: a bind cannot pass through.
    elsewhere: bool,
}

fn inner_user_paths(topology: &Topology) -> Vec<InnerPath> {
    let mut out = Vec::new();
    for (path, layer) in topology.layers() {
        let hostings = hostings_around(topology, &path);
        // Below `socket` nodes alone the engine is the root's own, and a bind is what Compose makes of it.
        if hostings.iter().all(|hosting| *hosting == Hosting::Parents) {
            continue;
        }
        let elsewhere = hostings.contains(&Hosting::Elsewhere);
        for mount in running(layer).flat_map(|service| &service.spec.mounts) {
            if let MountSource::Bind { path: BindPath::User(path), .. } = &mount.source {
                out.push(InnerPath { path: path.clone(), elsewhere });
            }
        }
    }
    out
}

/// The services of a layer that have replicas.
fn running(layer: &Layer) -> impl Iterator<Item = &Service> {
    layer.services.values().map(|service| &**service).filter(|service| service.scale > 0)
}

/// How the nodes around a layer host their engines.
fn hostings_around(topology: &Topology, layer: &LayerPath) -> Vec<Hosting> {
    let nodes = layer.ancestors().filter_map(|layer| layer.node());
    nodes
        .filter_map(|node| topology.service(&node)?.node.as_ref())
        .filter_map(|node| kinds::find(&node.kind.value))
        .map(|kind| kind.hosting)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::executor::survey::{Asks, SurveyOptions, survey_knowing};
    use crate::ops::test_lab::{engine, lab};

    use super::*;

    #[tokio::test]
    async fn a_service_of_no_replicas_asks_nothing_of_the_users_machine() {
        let (_engine, ctx) = engine();
        let bind =
            |path| format!("{{type: bind, source: {path}, target: /a, bind: {{create_host_path: false}}}}");
        let lab = lab(&format!(
            "services:
  none: {{image: nginx, scale: 0, use_api_socket: true, volumes: [{}]}}
  one: {{image: nginx, volumes: [{}]}}",
            bind("/nowhere/none"),
            bind("/nowhere/one")
        ));
        let facts = ctx.root.facts().await.expect("facts");
        let options = SurveyOptions {
            project: None,
            paths: Vec::new(),
            asks: Asks::Lists,
            patience: ctx.limits.answer,
        };
        let root = Arc::clone(&ctx.root);
        let mut surveyed = survey_knowing(root, facts, &options).await.expect("a survey");
        add(&mut surveyed, &ctx, &lab.lab.topology).await.expect("known");
        assert_eq!(surveyed.known.missing_paths, BTreeSet::from([PathBuf::from("/nowhere/one")]));
        assert!(surveyed.known.credentials.is_none());
    }
}
