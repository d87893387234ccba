//! Copies between engines in memory.

use std::sync::{Arc, Mutex};

use super::{copy, find, settle, usable_reference};
use crate::engine::engine::{Change, Create, Engine, Progress};
use crate::engine::fake::behaviour::Behaviour;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::model::container::ContainerSpec;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;

const DIGEST: &str = "r.io/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const LOCAL_TAG: &str = "r.io/app:nestctl-0123456789ab";

fn silent() -> Progress {
    Arc::new(|_, _| {})
}

/// A layer large enough that looking for it is worth it.
fn large(fill: u8) -> Vec<u8> {
    vec![fill; 1 << 20]
}

fn n_calls(engine: &FakeEngine, op: &str) -> usize {
    engine.calls().iter().filter(|call| call.op == op).count()
}

/// The engine inside a node of `host`.
async fn node(host: &FakeEngine, name: &str, behaviour: Behaviour) -> Arc<dyn Engine> {
    host.add_image("node", &[b"node"]);
    host.set_behaviour(name, behaviour);
    let create = Create::Container {
        name: name.to_owned(),
        spec: Box::new(ContainerSpec::default()),
        image: "node".to_owned(),
        labels: Labels::new(),
    };
    host.create(&create).await.expect("nothing stands in the way");
    host.act(name, &Change::Start).await.expect("nothing stands in the way");
    Arc::new(host.clone()).inside(name, &FakeEngine::dial())
}

#[tokio::test]
async fn an_image_arrives_with_its_name_its_layers_and_its_progress() {
    let source = FakeEngine::new("source");
    source.add_image("app:1", &[b"base", b"app"]);
    let target = FakeEngine::new("target");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let progress: Progress = Arc::new(move |done, total| told.lock().expect("no panic").push((done, total)));
    let copied = copy(&source, &target, "docker.io/library/app:1", progress).await.expect("nothing breaks");
    assert_eq!(copied.known_layers, 0);
    assert_eq!(
        source.inspect_image("app:1").await.expect("there"),
        target.inspect_image(&copied.reference).await.expect("arrived")
    );
    let seen = seen.lock().expect("no panic");
    assert!(seen.is_sorted() && seen.last().is_some_and(|(done, total)| *total == Some(*done)));
    assert_eq!(seen.last().map(|(done, _)| *done), Some(copied.bytes));
}

#[tokio::test]
async fn layers_that_the_target_has_are_not_sent() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), &large(2), b"new"]);
    let target = FakeEngine::new("target");
    target.add_image("app", &[&large(1), &large(2), b"old"]);
    target.add_image("other", &[b"something else"]);
    let copied = copy(&source, &target, "app", silent()).await.expect("the base is known");
    assert_eq!(copied.known_layers, 2);
    assert!(copied.bytes < 10_000, "{} bytes were sent", copied.bytes);
    assert_eq!(
        source.inspect_image("app").await.expect("there").layers,
        target.inspect_image("app").await.expect("arrived").layers
    );
}

#[tokio::test]
async fn a_containerd_store_gets_every_layer() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), b"new"]);
    let target = FakeEngine::new("target");
    target.set_facts(|facts| facts.containerd_store = true);
    target.add_image("app", &[&large(1), b"old"]);
    let copied = copy(&source, &target, "app", silent()).await.expect("nothing breaks");
    assert_eq!(copied.known_layers, 0);
    assert!(copied.bytes > 1 << 20);
}

#[tokio::test]
async fn an_image_that_arrives_under_another_name_gets_the_wanted_one() {
    let source = FakeEngine::new("source");
    source.add_image("lab/app:1", &[b"new"]);
    let target = FakeEngine::new("target");
    target.add_image("lab/app:1", &[b"old"]);
    target.load(source.save("lab/app:1").await.expect("there")).await.expect("loaded");
    let new = source.inspect_image("lab/app:1").await.expect("there").id;
    // As podman leaves it: the new image under a name of its own, the old one under the wanted name.
    target.tag(&new, "localhost/lab/app:1").await.expect("there");
    target.add_image("lab/app:1", &[b"old"]);
    let loaded = ["localhost/lab/app:1".to_owned()];
    let (name, id) = settle(&target, "lab/app:1", &loaded).await.expect("it is there");
    assert_eq!((name.as_str(), &id), ("lab/app:1", &new));
    assert_eq!(find(&target, "lab/app:1").await.expect("it answers").map(|image| image.id), Some(new));
}

#[tokio::test]
async fn a_layer_that_comes_again_further_up_is_sent() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), b"middle", &large(1)]);
    let target = FakeEngine::new("target");
    target.add_image("base", &[&large(1)]);
    let copied = copy(&source, &target, "app", silent()).await.expect("all that is missing is sent");
    assert_eq!((copied.known_layers, n_calls(&target, "load image")), (0, 1));
    assert_eq!(target.inspect_image("app").await.expect("arrived").layers.len(), 3);
}

#[tokio::test]
async fn layers_in_another_order_count_for_nothing() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), &large(2)]);
    let target = FakeEngine::new("target");
    target.add_image("app", &[&large(2), &large(1)]);
    let copied = copy(&source, &target, "app", silent()).await.expect("sent whole");
    assert_eq!(copied.known_layers, 0);
}

#[tokio::test]
async fn only_layers_below_the_first_difference_are_left_out() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), &large(2), &large(3)]);
    let target = FakeEngine::new("target");
    target.add_image("app", &[&large(1), &large(9), &large(3)]);
    let copied = copy(&source, &target, "app", silent()).await.expect("all that is missing is sent");
    assert_eq!((copied.known_layers, n_calls(&target, "load image")), (1, 1));
}

#[tokio::test]
async fn a_target_that_refuses_what_is_left_gets_all_of_it() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), b"new"]);
    let target = FakeEngine::new("target");
    target.add_image("app", &[&large(1), b"old"]);
    let refusal = Fault::Fail(FailureKind::Engine, "no such file or directory".to_owned());
    target.script(When::op("load image"), 1, refusal);
    let copied = copy(&source, &target, "app", silent()).await.expect("the second try is whole");
    assert_eq!((copied.known_layers, n_calls(&target, "load image")), (0, 2));
    assert!(copied.bytes > 1 << 20);
}

#[tokio::test]
async fn a_whole_archive_is_sent_once() {
    let source = FakeEngine::new("source").with_image("app");
    let target = FakeEngine::new("target");
    target.script(When::op("load image"), 1, Fault::Fail(FailureKind::Engine, "disk full".to_owned()));
    let error = copy(&source, &target, "app", silent()).await.expect_err("the disk is full");
    assert_eq!((error.op, n_calls(&target, "load image")), ("load image", 1));
}

#[tokio::test]
async fn a_source_that_breaks_is_named_and_leaves_nothing() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1)]);
    let target = FakeEngine::new("target");
    source.script(When::op("save image"), 1, Fault::BreakStream(5_000));
    let error = copy(&source, &target, "app", silent()).await.expect_err("it breaks");
    assert_eq!((error.op, error.kind), ("save image", FailureKind::Unreachable));
    assert!(target.observed().images.is_empty());
}

#[tokio::test]
async fn a_source_that_breaks_while_layers_are_left_out_is_not_asked_again() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[&large(1), b"new"]);
    let target = FakeEngine::new("target");
    target.add_image("app", &[&large(1), b"old"]);
    source.script(When::op("save image"), 1, Fault::BreakStream(500));
    let error = copy(&source, &target, "app", silent()).await.expect_err("it breaks");
    assert_eq!((error.op, n_calls(&source, "save image")), ("save image", 1));
}

#[tokio::test]
async fn an_image_that_is_nowhere_is_not_found() {
    let (source, target) = (FakeEngine::new("source"), FakeEngine::new("target"));
    let error = copy(&source, &target, "app", silent()).await.expect_err("nobody has it");
    assert_eq!((error.kind, error.target.as_str()), (FailureKind::NotFound, "app"));
    assert_eq!(find(&source, "app").await.expect("it answers"), None);
}

#[tokio::test]
async fn a_digest_reference_gets_a_local_tag_and_travels_on_with_it() {
    let source = FakeEngine::new("source").with_image(DIGEST);
    let first = node(&source, "one", Behaviour::default()).await;
    let second = node(&source, "two", Behaviour::default()).await;
    let copied = copy(&source, &*first, DIGEST, silent()).await.expect("nothing breaks");
    assert_eq!(copied.reference, LOCAL_TAG);
    assert_eq!(find(&*first, DIGEST).await.expect("it answers").map(|image| image.id), Some(copied.id));
    let copied = copy(&*first, &*second, DIGEST, silent()).await.expect("nothing breaks");
    assert_eq!(copied.reference, LOCAL_TAG);
    assert_eq!(usable_reference(&*second, DIGEST).await.expect("it answers").as_deref(), Some(LOCAL_TAG));
}

#[tokio::test]
async fn podmans_names_and_containerds_ids_are_found() {
    let host = FakeEngine::new("host").with_image("lab/app:1");
    let podman = node(&host, "pod", Behaviour { podman: true, ..Behaviour::default() }).await;
    let containerd = node(&host, "ctr", Behaviour { containerd_store: true, ..Behaviour::default() }).await;
    let there = find(&host, "lab/app:1").await.expect("it answers").expect("there").id;
    let copied = copy(&host, &*podman, "lab/app:1", silent()).await.expect("nothing breaks");
    assert_eq!(copied.id, there);
    let copied = copy(&host, &*containerd, "lab/app:1", silent()).await.expect("nothing breaks");
    assert_ne!(copied.id, there);
    assert_eq!(find(&*containerd, "lab/app:1").await.expect("it answers").map(|i| i.id), Some(copied.id));
}

#[tokio::test]
async fn a_rebuilt_tag_takes_the_name_from_the_old_image() {
    let source = FakeEngine::new("source").with_image("app");
    let target = FakeEngine::new("target");
    let old = copy(&source, &target, "app", silent()).await.expect("nothing breaks");
    source.add_image("app", &[b"rebuilt"]);
    let new = copy(&source, &target, "app", silent()).await.expect("nothing breaks");
    assert_ne!(old.id, new.id);
    assert_eq!(target.inspect_image("app").await.expect("there").id, new.id);
}
