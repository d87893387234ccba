//! Images between engines.

use crate::engine::engine::{ByteStream, Engine};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::engine::fake::streams::{all_of, stream_of};
use crate::model::observed::ImageDetail;

async fn image(engine: &FakeEngine) -> ImageDetail {
    engine.inspect_image("app").await.expect("it is there")
}

/// An archive without one entry.
async fn without(archive: ByteStream, left_out: &str) -> ByteStream {
    let whole = all_of(archive).await.expect("it does not break");
    let mut builder = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(whole.as_slice()).entries().expect("an archive") {
        let entry = entry.expect("an entry");
        if entry.path().expect("a name").display().to_string() != left_out {
            builder.append(&entry.header().clone(), entry).expect("in memory");
        }
    }
    stream_of(builder.into_inner().expect("in memory"), "load image", "", None)
}

#[tokio::test]
async fn an_image_travels_whole_or_not_at_all() {
    let engine = FakeEngine::new("host");
    engine.add_image("app", &[b"base", b"app"]);
    let other = FakeEngine::new("other");
    let archive = engine.save("app").await.expect("it is there");
    assert_eq!(other.load(archive).await.expect("whole"), ["app:latest"]);
    assert_eq!(image(&engine).await, image(&other).await);
    engine.script(When::op("save image"), 1, Fault::BreakStream(700));
    let third = FakeEngine::new("third");
    assert!(third.load(engine.save("app").await.expect("it begins")).await.is_err());
    assert!(third.observed().images.is_empty());
}

#[tokio::test]
async fn a_layer_left_out_must_be_known_on_the_same_layers() {
    let source = FakeEngine::new("source");
    source.add_image("app", &[b"base", b"middle", b"top"]);
    let middle = image(&source).await.layers[1].replace("sha256:", "blobs/sha256/");
    let loads = async |layers: &[&[u8]]| {
        let target = FakeEngine::new("target");
        target.add_image("other", layers);
        let archive = without(source.save("app").await.expect("it is there"), &middle).await;
        let loaded = target.load(archive).await.is_ok();
        assert_eq!(target.observed().images.len(), 1 + usize::from(loaded));
        loaded
    };
    assert!(loads(&[b"base", b"middle"]).await);
    assert!(!loads(&[b"base"]).await);
    assert!(!loads(&[b"another base", b"middle"]).await);
}
