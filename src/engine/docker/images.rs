//! Images: pull, push, save, load, tag.

use std::collections::BTreeMap;

use bollard::query_parameters::TagImageOptions;
use futures_util::stream::StreamExt as _;
use serde::Deserialize;

use super::api::{Raw, bytes_of, values_of, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::upload::Upload;
use crate::engine::engine::{ByteStream, Progress};
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::image::ImageRef;

/// `{}` in base64: no credentials.
const ANONYMOUS: &str = "e30=";

/// One line of progress.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    stream: String,
    status: String,
    id: String,
    #[serde(rename = "progressDetail")]
    detail: Option<Detail>,
    error: String,
    #[serde(rename = "errorDetail")]
    error_detail: Option<ErrorDetail>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    current: Option<u64>,
    total: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    message: String,
}

/// What a registry has under a reference.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Distribution {
    descriptor: Descriptor,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

impl Line {
    fn error(&self) -> Option<&str> {
        let detailed = self.error_detail.as_ref().map(|detail| detail.message.as_str());
        [detailed.unwrap_or(""), &self.error].into_iter().find(|text| !text.is_empty())
    }
}

/// Bytes done over all layers of a pull or a push.
#[derive(Default)]
struct Layers(BTreeMap<String, (u64, Option<u64>)>);

impl Layers {
    /// Takes one line in; whether it changed the sums.
    fn note(&mut self, line: &Line) -> bool {
        let layer = || self.0.get(&line.id).copied();
        let new = match line.status.as_str() {
            "Pulling fs layer" | "Waiting" | "Preparing" => (0, layer().and_then(|(_, total)| total)),
            "Downloading" | "Pushing" => {
                let detail = line.detail.as_ref();
                let total = detail.and_then(|d| d.total).filter(|n| *n > 0);
                (detail.and_then(|d| d.current).unwrap_or(0), total.or(layer().and_then(|(_, total)| total)))
            }
            "Verifying Checksum"
            | "Download complete"
            | "Extracting"
            | "Pull complete"
            | "Pushed"
            | "Layer already exists" => {
                let Some((done, total)) = layer() else { return false };
                (total.unwrap_or(done), total)
            }
            _ => return false,
        };
        self.0.insert(line.id.clone(), new) != Some(new)
    }

    fn sums(&self) -> (u64, Option<u64>) {
        let done = self.0.values().map(|(done, _)| done).sum();
        let total: u64 = self.0.values().filter_map(|(_, total)| *total).sum();
        (done, (total > 0).then_some(total))
    }
}

/// What a load says that it has loaded.
fn loaded(text: &str) -> Vec<String> {
    let prefixes = ["Loaded image ID: ", "Loaded image: ", "Loaded image(s): "];
    text.lines()
        .filter_map(|line| prefixes.iter().find_map(|prefix| line.trim().strip_prefix(prefix)))
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

impl DockerEngine {
    /// The request with what the user has for the image's registry.
    async fn with_credentials(
        &self,
        request: Raw,
        image: &ImageRef,
        call: &Tried,
    ) -> Result<Raw, EngineError> {
        match self.credentials.header(&image.registry).await {
            Ok(Some(header)) => Ok(request.header("x-registry-auth", header)),
            Ok(None) => Ok(request),
            Err(error) => Err(EngineError {
                op: call.op,
                target: call.target.clone(),
                kind: FailureKind::Unauthorized,
                status: None,
                source: Some(error.into()),
            }),
        }
    }

    /// Asks the registry for the digest of an image (Engine API, `/distribution/{name}/json`).
    pub(super) async fn look_up_digest(&self, image: &str) -> Result<String, EngineError> {
        let call = Tried::new("look up image", image);
        let Some(reference) = ImageRef::parse(image) else {
            return Err(call.nonsense("this is no image reference"));
        };
        let request = Raw::get(&["distribution", &reference.to_string(), "json"]);
        let request = self.with_credentials(request, &reference, &call).await?;
        let found: Distribution =
            within(&call, Some(self.transport.limits.unpacking()), request.fetch(&self.transport, &call))
                .await?;
        Ok(found.descriptor.digest)
    }

    pub(super) async fn pull_image(
        &self,
        image: &str,
        platform: Option<&str>,
        progress: Progress,
    ) -> Result<(), EngineError> {
        let call = Tried::new("pull image", image);
        let Some(reference) = ImageRef::parse(image) else {
            return Err(call.nonsense("this is no image reference"));
        };
        let tag = reference.digest.clone().or(reference.tag.clone());
        let mut request = Raw::post(&["images", "create"])
            .query("fromImage", &format!("{}/{}", reference.registry, reference.repository))
            .maybe("tag", tag.as_deref())
            .maybe("platform", platform);
        request = self.with_credentials(request, &reference, &call).await?;
        self.follow_layers(request, call, progress).await
    }

    pub(super) async fn push_image(&self, image: &str, progress: Progress) -> Result<(), EngineError> {
        let call = Tried::new("push image", image);
        let Some(reference) = ImageRef::parse(image) else {
            return Err(call.nonsense("this is no image reference"));
        };
        let name = format!("{}/{}", reference.registry, reference.repository);
        let request = Raw::post(&["images", &name, "push"]).maybe("tag", reference.tag.as_deref());
        // Without any the engine refuses to push at all, also where the registry asks for none.
        let request = match self.credentials.header(&reference.registry).await {
            Ok(None) => request.header("x-registry-auth", ANONYMOUS.to_owned()),
            _ => self.with_credentials(request, &reference, &call).await?,
        };
        self.follow_layers(request, call, progress).await
    }

    /// Sends a request about the layers of an image, and follows what comes of it.
    async fn follow_layers(&self, request: Raw, call: Tried, progress: Progress) -> Result<(), EngineError> {
        let response =
            within(&call, Some(self.transport.limits.unpacking()), request.send(&self.transport, &call))
                .await?;
        let mut lines = values_of::<Line>(
            bytes_of(response, call.clone(), Some(self.transport.limits.unpacking())),
            call.clone(),
        );
        let mut layers = Layers::default();
        while let Some(line) = lines.next().await {
            let line = line?;
            if let Some(error) = line.error() {
                return Err(call.failed_within(error));
            }
            if layers.note(&line) {
                let (done, total) = layers.sums();
                progress(done, total);
            }
        }
        Ok(())
    }

    pub(super) async fn save_image(&self, image: &str) -> Result<ByteStream, EngineError> {
        let call = Tried::new("save image", image);
        let mut request = Raw::get(&["images", "get"]).query("names", image);
        // containerd's store writes the whole index of an image for many platforms, of which it has one.
        let version = within(&call, Some(self.transport.limits.call), async {
            self.transport.version().await.map_err(|error| call.unreachable(error))
        });
        if version.await? >= 48 && self.has_containerd_store().await? {
            let detail = self.image_platform(image).await?;
            request = request.query("platform", &detail.to_string());
        }
        let response =
            within(&call, Some(self.transport.limits.packing()), request.send(&self.transport, &call))
                .await?;
        Ok(bytes_of(response, call, Some(self.transport.limits.silence())))
    }

    pub(super) async fn load_images(&self, archive: ByteStream) -> Result<Vec<String>, EngineError> {
        let call = Tried::new("load images", "");
        let (upload, body) = Upload::new(archive, self.transport.limits);
        let request = Raw::post(&["images", "load"])
            .query("quiet", "true")
            .header("content-type", "application/x-tar")
            .body(body);
        let read = async {
            let response = request.send(&self.transport, &call).await?;
            let mut lines = values_of::<Line>(bytes_of(response, call.clone(), None), call.clone());
            let mut names = Vec::new();
            while let Some(line) = lines.next().await {
                let line = line?;
                if let Some(error) = line.error() {
                    return Err(call.failed_within(error));
                }
                names.extend(loaded(&line.stream));
            }
            Ok(names)
        };
        upload.watch(&call, read).await
    }

    pub(super) async fn tag_image(&self, image: &str, reference: &str) -> Result<(), EngineError> {
        let call = Tried::new("tag image", image);
        let Some(name) = ImageRef::parse(reference).filter(|name| name.digest.is_none()) else {
            return Err(call.nonsense(format!("`{reference}` is no name with a tag")));
        };
        let options =
            TagImageOptions { repo: Some(format!("{}/{}", name.registry, name.repository)), tag: name.tag };
        within(&call, Some(self.transport.limits.call), async {
            self.docker.tag_image(image, Some(options)).await.map_err(|error| call.bollard(error))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> Line {
        serde_json::from_str(json).expect("a line")
    }

    #[test]
    fn progress_sums_the_layers() {
        let mut layers = Layers::default();
        assert!(layers.note(&line(r#"{"status":"Pulling fs layer","id":"a","progressDetail":{}}"#)));
        assert_eq!(layers.sums(), (0, None));
        layers
            .note(&line(r#"{"status":"Downloading","id":"a","progressDetail":{"current":10,"total":100}}"#));
        layers.note(&line(r#"{"status":"Downloading","id":"b","progressDetail":{"current":5,"total":50}}"#));
        assert_eq!(layers.sums(), (15, Some(150)));
        layers.note(&line(r#"{"status":"Download complete","id":"a","progressDetail":{}}"#));
        assert_eq!(layers.sums(), (105, Some(150)));
        assert!(!layers.note(&line(r#"{"status":"Pull complete","id":"a","progressDetail":{}}"#)));
        assert!(!layers.note(&line(r#"{"status":"Already exists","id":"c"}"#)));
    }

    #[test]
    fn names_are_read_from_dockers_and_podmans_words() {
        assert_eq!(loaded("Loaded image: a:1\n"), ["a:1"]);
        assert_eq!(loaded("Loaded image ID: sha256:ab\n"), ["sha256:ab"]);
        assert_eq!(
            loaded("Loaded image(s): docker.io/a:1,docker.io/b:2"),
            ["docker.io/a:1", "docker.io/b:2"]
        );
        assert!(loaded("Loading layer 1 B / 2 B").is_empty());
    }

    #[test]
    fn an_error_in_the_stream_is_found_in_both_forms() {
        assert_eq!(line(r#"{"error":"x"}"#).error(), Some("x"));
        assert_eq!(line(r#"{"errorDetail":{"message":"y"},"error":"x"}"#).error(), Some("y"));
        assert_eq!(line(r#"{"status":"x"}"#).error(), None);
    }
}
