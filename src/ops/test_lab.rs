//! Labs from their text, on an engine in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::diag::diagnostics::Diagnostics;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::event::sink::Recorder;
use crate::graph::lab_graph::LabGraph;
use crate::model::name::ProjectName;
use crate::spec::files::{Entry, Vars};
use crate::spec::parse::parse;

use super::context::Ctx;
use super::load::{Lab, ValidLab};
use super::lock::{self, LockOptions};
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

/// A place for locks that goes with the test.
pub(super) struct LockPlace(pub(super) PathBuf);

impl LockPlace {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("nestctl-lock-{}-{n}", std::process::id())))
    }

    /// Locks of this place; what is told is collected.
    pub(super) fn options(&self, told: &Arc<Mutex<Vec<String>>>) -> LockOptions {
        let told = Arc::clone(told);
        LockOptions {
            directory: Some(self.0.clone()),
            command: "nestctl up".to_owned(),
            told: Arc::new(move |notice| told.lock().expect("no panic").push(format!("{notice:?}"))),
        }
    }

    pub(super) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the directory is there");
        entries.map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    /// Leaves what a run leaves that was killed.
    pub(super) fn leave_lock(&self, project: &ProjectName, root_id: &str) {
        fs::create_dir_all(&self.0).expect("a directory");
        fs::write(self.0.join(lock::file_name(project, root_id)), "1\nnestctl up\n").expect("a file");
    }
}

impl Drop for LockPlace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
