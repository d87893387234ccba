//! Labs from their text, on an engine in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::diag::diagnostics::Diagnostics;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::event::sink::Recorder;
use crate::graph::lab_graph::LabGraph;
use crate::spec::files::{Entry, Vars};
use crate::spec::parse::parse;

use super::context::Ctx;
use super::load::{Lab, ValidLab};
use super::outcome::RunOutcome;
use super::plan::Prepared;
use super::root;
use super::up::{Orphans, Until, UpOptions, prepare_up};
use crate::plan::goal::Way;

/// A lab of this text.
pub(super) fn lab(text: &str) -> ValidLab {
    let file = PathBuf::from("nest.yaml");
    let files = BTreeMap::from([(file.clone(), text.as_bytes().to_vec())]);
    let entry = Entry { files: vec![file], directory: PathBuf::from("/lab"), ..Entry::default() };
    let parsed = parse(&files, &entry, &Vars::new());
    let topology = parsed.topology.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let (graph, _) = LabGraph::build(&topology);
    let lab = Arc::new(Lab { topology, graph });
    ValidLab { lab, warnings: Diagnostics::new(), sources: Arc::new(parsed.sources) }
}

/// An engine with a registry, and the way to it.
pub(super) fn engine() -> (FakeEngine, Ctx) {
    let engine = FakeEngine::new("root").with_registry(&["docker:dind", "nginx"]);
    let nowhere = BTreeMap::from([("DOCKER_HOST".to_owned(), "unix:///nowhere/no.sock".to_owned())]);
    let ctx = Ctx::new(engine.shared(), root::resolve(&nowhere).expect("a socket"));
    (engine, ctx)
}

/// An `up` of the whole lab.
pub(super) fn up_options() -> UpOptions {
    UpOptions {
        targets: Vec::new(),
        until: Until::Ready(None),
        force_recreate: false,
        orphans: Orphans::Tell,
        discard_node_files: false,
        way: Way::default(),
    }
}

/// Brings a lab up, however it goes.
pub(super) async fn up(ctx: &Ctx, text: &str) -> RunOutcome {
    let prepared = prepare_up(ctx, &lab(text), &up_options()).await.expect("nothing stands in the way");
    carry_out(prepared, &mut Recorder::default()).await
}

/// Carries out what was prepared.
pub(super) async fn carry_out(prepared: Prepared, sink: &mut Recorder) -> RunOutcome {
    let (_sender, cancel) = watch::channel(None);
    prepared.carry_out(None, sink, cancel).await
}
