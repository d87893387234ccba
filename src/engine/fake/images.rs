//! Images, registries, and the archives in which images travel.
//!
//! The archive has the layout of `docker save` from 25 on: blobs by digest, `manifest.json`, and the config
//! that names the layers. Digests are made up (they only have to differ), so that no hash crate is needed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

use serde_json::{Value, json};

use crate::engine::error::EngineError;
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::image::ImageRef;
use crate::model::label::Labels;
use crate::model::observed::{ImageDetail, ObservedImage};

use super::state::{EngineIndex, EngineState};
use super::world::{World, refuse};

/// An image on an engine or in a registry.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) id: String,
    /// Digest of its configuration: the ID on a graph driver's store.
    pub(super) config: String,
    pub(super) tags: Vec<String>,
    pub(super) digests: Vec<String>,
    pub(super) layers: Vec<Layer>,
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    pub(super) user: String,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// RFC 3339 time of the last pull; empty: it is not known.
    pub(super) last_tagged: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    /// `sha256:…` of its bytes.
    pub(super) digest: String,
    pub(super) bytes: Vec<u8>,
}

/// 64 hexadecimal digits that depend on a text.
pub(super) fn digits(text: &str) -> String {
    let mut digits = String::new();
    for salt in 0..4_u8 {
        let mut hasher = DefaultHasher::new();
        (salt, text).hash(&mut hasher);
        // Writing into a string cannot fail.
        let _ = write!(digits, "{:016x}", hasher.finish());
    }
    digits
}

fn digest_of(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("sha256:{}", digits(&format!("blob {:x} {}", hasher.finish(), bytes.len())))
}

/// The short form in which Docker keeps a reference.
fn familiar(reference: &str) -> String {
    let Some(full) = ImageRef::parse(reference) else { return reference.to_owned() };
    let full = full.to_string();
    let short = full.strip_prefix("docker.io/").unwrap_or(&full);
    short.strip_prefix("library/").unwrap_or(short).to_owned()
}

/// The reference as an engine of this make keeps it.
fn kept(reference: &str, podman: bool) -> String {
    if podman {
        ImageRef::parse(reference).map_or_else(|| reference.to_owned(), |full| full.to_string())
    } else {
        familiar(reference)
    }
}

impl Image {
    /// An image of these layers, each given by its content.
    pub(super) fn new(reference: &str, layers: &[&[u8]]) -> Self {
        let layers: Vec<Layer> =
            layers.iter().map(|bytes| Layer { digest: digest_of(bytes), bytes: bytes.to_vec() }).collect();
        let digest = ImageRef::parse(reference).is_some_and(|image| image.digest.is_some());
        let mut image = Self {
            id: String::new(),
            config: String::new(),
            tags: if digest { Vec::new() } else { vec![familiar(reference)] },
            digests: if digest { vec![familiar(reference)] } else { Vec::new() },
            layers,
            entrypoint: Vec::new(),
            command: vec!["run".to_owned()],
            user: String::new(),
            files: BTreeMap::new(),
            last_tagged: String::new(),
        };
        image.config = digest_of(image.config_json().to_string().as_bytes());
        image.id.clone_from(&image.config);
        image
    }

    pub(super) fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.bytes.len() as u64).sum()
    }

    fn config_json(&self) -> Value {
        let diffs: Vec<&str> = self.layers.iter().map(|layer| layer.digest.as_str()).collect();
        json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Entrypoint": self.entrypoint, "Cmd": self.command, "User": self.user },
            "rootfs": { "type": "layers", "diff_ids": diffs },
        })
    }

    pub(super) fn detail(&self) -> ImageDetail {
        ImageDetail {
            id: self.id.clone(),
            layers: self.layers.iter().map(|layer| layer.digest.clone()).collect(),
            entrypoint: self.entrypoint.clone(),
            command: self.command.clone(),
            user: self.user.clone(),
            size: i64::try_from(self.size()).unwrap_or(i64::MAX),
            platform: "linux/amd64".to_owned(),
            last_tagged: self.last_tagged.clone(),
        }
    }

    pub(super) fn observed(&self) -> ObservedImage {
        ObservedImage {
            id: self.id.clone(),
            tags: self.tags.clone(),
            digests: self.digests.clone(),
            size: i64::try_from(self.size()).unwrap_or(i64::MAX),
            labels: Labels::new(),
        }
    }

    fn is(&self, name: &str) -> bool {
        let bare = name.strip_prefix("sha256:").unwrap_or(name);
        let id = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        (bare.len() >= 12 && bare.chars().all(|c| c.is_ascii_hexdigit()) && id.starts_with(bare))
            || self.tags.iter().chain(&self.digests).any(|own| ImageRef::same(own, name))
    }

    /// The archive of `docker save`, for a reference: with its tag if it is one, else without a name.
    fn archive(&self, reference: &str) -> Vec<u8> {
        let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
        let config = self.config_json().to_string().into_bytes();
        let blob = |digest: &str| format!("blobs/sha256/{}", hex(digest));
        let tag = self.tags.iter().find(|tag| ImageRef::same(tag, reference));
        let manifest = json!([{
            "Config": blob(&self.config),
            "RepoTags": tag.map(|tag| vec![tag.clone()]),
            "Layers": self.layers.iter().map(|layer| blob(&layer.digest)).collect::<Vec<_>>(),
        }]);
        let mut builder = tar::Builder::new(Vec::new());
        let mut blobs: BTreeMap<String, &[u8]> =
            self.layers.iter().map(|layer| (blob(&layer.digest), layer.bytes.as_slice())).collect();
        blobs.insert(blob(&self.config), &config);
        for (path, bytes) in blobs {
            append(&mut builder, &path, bytes);
        }
        append(&mut builder, "manifest.json", manifest.to_string().as_bytes());
        append(&mut builder, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        builder.into_inner().expect("a vector takes everything")
    }
}

fn append(builder: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, path, bytes).expect("a vector takes everything");
}

impl EngineState {
    pub(super) fn image(&self, name: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.is(name))
    }

    /// Takes an image in; its names are taken from whoever had them.
    pub(super) fn take_in(&mut self, image: &Image) -> String {
        let mut image = image.clone();
        if self.facts.containerd_store {
            image.id = format!("sha256:{}", digits(&format!("manifest of {}", image.config)));
        }
        for name in image.tags.iter_mut().chain(&mut image.digests) {
            *name = kept(name, self.podman);
        }
        for other in &mut self.images {
            other.tags.retain(|tag| !image.tags.contains(tag));
        }
        let id = image.id.clone();
        if let Some(same) = self.images.iter_mut().find(|other| other.id == id) {
            same.tags.extend(image.tags);
            same.digests
                .extend(image.digests.into_iter().filter(|d| !same.digests.contains(d)).collect::<Vec<_>>());
            same.digests.dedup();
        } else {
            self.images.push(image);
        }
        id
    }
}

impl World {
    /// The registry serves the image under this name from now on.
    pub(super) fn push(&mut self, engine: EngineIndex, reference: &str) -> Result<u64, EngineError> {
        let Some(image) = self.engines[engine].image(reference).cloned() else {
            let why = format!("An image does not exist locally with the tag: {reference}");
            return Err(refuse("push image", reference, NotFound, why));
        };
        let tags = vec![familiar(reference)];
        self.registry.retain(|other| !other.tags.iter().any(|tag| ImageRef::same(tag, reference)));
        let size = image.size();
        self.registry.push(Image { tags, digests: Vec::new(), ..image });
        Ok(size)
    }

    /// The digest of what the registry serves.
    pub(super) fn served_digest(&self, reference: &str) -> Result<String, EngineError> {
        let found = self.registry.iter().find(|image| image.is(reference));
        let digest = found.map(|image| format!("sha256:{}", digits(&image.config)));
        digest.ok_or_else(|| refuse("look up image", reference, NotFound, "manifest unknown".to_owned()))
    }

    /// The image of a build is the registry's of that name.
    pub(super) fn build(&mut self, engine: EngineIndex, reference: &str) -> Result<String, EngineError> {
        let found = self.registry.iter().find(|image| image.is(reference)).cloned();
        let Some(image) = found else {
            let why = "process \"/bin/sh -c false\" did not complete successfully: exit code: 1".to_owned();
            return Err(refuse("build image", reference, Refused, why));
        };
        let id = self.engines[engine].take_in(&image);
        self.tell(engine, "image", "tag", &id, reference);
        Ok(id)
    }

    pub(super) fn pull(&mut self, engine: EngineIndex, reference: &str) -> Result<u64, EngineError> {
        let found = self.registry.iter().find(|image| image.is(reference)).cloned();
        let Some(image) = found else {
            let why = format!("pull access denied for {reference}, repository does not exist");
            return Err(refuse("pull image", reference, NotFound, why));
        };
        let id = self.engines[engine].take_in(&image);
        self.tell(engine, "image", "pull", &id, reference);
        Ok(image.size())
    }

    pub(super) fn save(&self, engine: EngineIndex, reference: &str) -> Result<Vec<u8>, EngineError> {
        let found = self.engines[engine].image(reference);
        found
            .map(|image| image.archive(reference))
            .ok_or_else(|| refuse("save image", reference, NotFound, format!("No such image: {reference}")))
    }

    /// Loads an archive. A layer that it leaves out must be on the engine with the same layers below it.
    pub(super) fn load(&mut self, engine: EngineIndex, archive: &[u8]) -> Result<Vec<String>, EngineError> {
        let bad = |why: String| refuse("load image", "", Refused, why);
        let mut blobs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut reader = tar::Archive::new(archive);
        for entry in reader.entries().map_err(|e| bad(e.to_string()))? {
            let mut entry = entry.map_err(|e| bad(e.to_string()))?;
            let path = entry.path().map_err(|e| bad(e.to_string()))?.display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|e| bad(e.to_string()))?;
            blobs.insert(path, bytes);
        }
        let missing = |path: &str| bad(format!("open /var/lib/docker/tmp/{path}: no such file or directory"));
        let read = |path: &str| -> Result<Value, EngineError> {
            let bytes = blobs.get(path).ok_or_else(|| missing(path))?;
            serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))
        };
        let strings = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let mut loaded = Vec::new();
        for item in read("manifest.json")?.as_array().into_iter().flatten() {
            let config_path = item["Config"].as_str().unwrap_or_default();
            let config = read(config_path)?;
            let digests = strings(&config["rootfs"]["diff_ids"]);
            let mut layers: Vec<Layer> = Vec::new();
            for (digest, path) in digests.iter().zip(strings(&item["Layers"])) {
                let bytes = match blobs.get(&path) {
                    Some(bytes) if digest_of(bytes) != *digest => {
                        return Err(bad(format!("layer {digest} is not what its name says")));
                    }
                    Some(bytes) => bytes.clone(),
                    None => {
                        self.engines[engine].known_layer(&layers, digest).ok_or_else(|| missing(&path))?
                    }
                };
                layers.push(Layer { digest: digest.clone(), bytes });
            }
            let id = config_path.replace("blobs/sha256/", "sha256:");
            let image = Image {
                id: id.clone(),
                config: id,
                tags: strings(&item["RepoTags"]),
                digests: Vec::new(),
                layers,
                entrypoint: strings(&config["config"]["Entrypoint"]),
                command: strings(&config["config"]["Cmd"]),
                user: config["config"]["User"].as_str().unwrap_or_default().to_owned(),
                files: BTreeMap::new(),
                last_tagged: String::new(),
            };
            let id = self.engines[engine].take_in(&image);
            self.tell(engine, "image", "load", &id, &id);
            let podman = self.engines[engine].podman;
            if image.tags.is_empty() {
                loaded.push(id);
            } else {
                loaded.extend(image.tags.iter().map(|tag| kept(tag, podman)));
            }
        }
        Ok(loaded)
    }

    pub(super) fn tag(
        &mut self,
        engine: EngineIndex,
        name: &str,
        reference: &str,
    ) -> Result<(), EngineError> {
        let state = &mut self.engines[engine];
        let Some(id) = state.image(name).map(|image| image.id.clone()) else {
            return Err(refuse("tag image", name, NotFound, format!("No such image: {name}")));
        };
        let reference = kept(reference, state.podman);
        for image in &mut state.images {
            image.tags.retain(|tag| *tag != reference);
            if image.id == id {
                image.tags.push(reference.clone());
            }
        }
        self.tell(engine, "image", "tag", &id, &reference);
        Ok(())
    }

    pub(super) fn remove_image(&mut self, engine: EngineIndex, name: &str) -> Result<(), EngineError> {
        let state = &mut self.engines[engine];
        let Some(at) = state.images.iter().position(|image| image.is(name)) else { return Ok(()) };
        let image = &mut state.images[at];
        let other_tags = image.tags.iter().any(|tag| !ImageRef::same(tag, name));
        let by_tag = image.tags.iter().any(|tag| ImageRef::same(tag, name));
        if by_tag && other_tags {
            image.tags.retain(|tag| !ImageRef::same(tag, name));
            return Ok(());
        }
        let id = image.id.clone();
        if state.containers.iter().any(|container| container.image_id == id) {
            let why = format!("unable to remove repository reference \"{name}\": a container is using it");
            return Err(refuse("remove image", name, Conflict, why));
        }
        state.images.remove(at);
        self.tell(engine, "image", "delete", &id, &id);
        Ok(())
    }
}

impl EngineState {
    /// The bytes of a layer that some image here has on top of exactly these layers.
    fn known_layer(&self, below: &[Layer], digest: &str) -> Option<Vec<u8>> {
        self.images.iter().find_map(|image| {
            let layer = image.layers.get(below.len())?;
            (layer.digest == digest && image.layers[..below.len()] == *below).then(|| layer.bytes.clone())
        })
    }
}

#[cfg(test)]
mod tests;
