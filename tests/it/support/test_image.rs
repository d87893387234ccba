//! Images made for a scenario: the tiny workload with one more file.

use std::fmt::Write as _;
use std::io::Read;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nestctl::engine::engine::{Engine, Remove};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::lab::TestLab;
use super::real_engine::block_on;

/// An image: its configuration and its layers, base first, not compressed.
pub(crate) struct TestImage {
    pub(crate) config: Vec<u8>,
    pub(crate) layers: Vec<Vec<u8>>,
}

/// `sha256:…` of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl TestImage {
    /// The tiny workload, with a file `/marker` that holds `text`.
    pub(crate) fn marked(engine: &dyn Engine, text: &str) -> Self {
        let base = std::env::var("BUSYBOX_IMAGE").expect("BUSYBOX_IMAGE names the tiny workload");
        let archive = block_on(async {
            let mut archive = engine.save(&base).await.expect("the workload is saved");
            let mut out = Vec::new();
            while let Some(piece) = archive.next().await {
                out.extend_from_slice(&piece.expect("the archive is whole"));
            }
            out
        });
        let manifest: Value = serde_json::from_slice(&entry(&archive, "manifest.json")).expect("JSON");
        let path = |value: &Value| value.as_str().expect("a path").to_owned();
        let mut config: Value =
            serde_json::from_slice(&entry(&archive, &path(&manifest[0]["Config"]))).expect("JSON");
        let layers = manifest[0]["Layers"].as_array().expect("a list");
        let mut layers: Vec<Vec<u8>> = layers.iter().map(|layer| entry(&archive, &path(layer))).collect();
        layers.push(tar_of(&[("marker", text.as_bytes())]));
        let diff_ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
        config["rootfs"]["diff_ids"] = json!(diff_ids);
        config.as_object_mut().expect("a mapping").remove("history");
        Self { config: config.to_string().into_bytes(), layers }
    }

    /// Loads it into an engine under this name.
    pub(crate) fn load(&self, engine: &dyn Engine, name: &str) {
        let config_name = format!("{}.json", digest(&self.config).trim_start_matches("sha256:"));
        let names: Vec<String> = (0..self.layers.len()).map(|n| format!("{n}.tar")).collect();
        let manifest = json!([{"Config": config_name, "RepoTags": [name], "Layers": names}]).to_string();
        let mut entries: Vec<(&str, &[u8])> =
            names.iter().zip(&self.layers).map(|(name, layer)| (name.as_str(), layer.as_slice())).collect();
        entries.push((&config_name, &self.config));
        entries.push(("manifest.json", manifest.as_bytes()));
        let archive = Bytes::from(tar_of(&entries));
        block_on(engine.load(stream::iter([Ok(archive)]).boxed())).expect("the image is loaded");
    }
}

/// Images on the root engine that go when the scenario ends, also when it fails.
pub(crate) struct Borrowed {
    engine: std::sync::Arc<dyn Engine>,
    names: Vec<String>,
}

impl Borrowed {
    /// Images of a lab. They go after the lab, whose containers use them: bound together, what comes second is
    /// dropped first.
    pub(crate) fn with(lab: TestLab, names: &[&String]) -> (Self, TestLab) {
        let names = names.iter().map(|name| (*name).clone()).collect();
        (Self { engine: lab.engine(), names }, lab)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        for name in &self.names {
            let removed = block_on(self.engine.remove(&Remove::Image(name.clone())));
            if let Err(error) = removed {
                println!("image {name} was left: {error}");
            }
        }
    }
}

fn entry(archive: &[u8], name: &str) -> Vec<u8> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        if entry.path().expect("a name").as_os_str() == name {
            let mut out = Vec::new();
            entry.read_to_end(&mut out).expect("its bytes");
            return out;
        }
    }
    panic!("no {name} in the archive")
}

/// An archive of these files.
pub(crate) fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        builder.append_data(&mut header, name, *content).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}
