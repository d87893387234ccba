//! Whether a path is there on an engine's machine, tried and not guessed.

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use hyper::Method;

use super::api::{Raw, within};
use super::engine::DockerEngine;
use super::error::{Call as Tried, says};
use super::observe::list::ImageRow;
use crate::engine::engine::Remove;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::observed::ObservedImage;

/// An image that nobody has.
const NO_SUCH_IMAGE: &str = "nestctl.invalid/no-such-image:never";

/// Where the path is bound to in the container.
const TARGET: &str = "/nestctl-sees";

/// A container with one bind that must exist.
fn with_bind(image: String, source: &str) -> ContainerCreateBody {
    let mount = Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_owned()),
        target: Some(TARGET.to_owned()),
        read_only: Some(true),
        ..Mount::default()
    };
    ContainerCreateBody {
        image: Some(image),
        cmd: Some(vec!["true".to_owned()]),
        host_config: Some(HostConfig { mounts: Some(vec![mount]), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    }
}

impl DockerEngine {
    pub(super) async fn has_path(&self, path: &str) -> Result<bool, EngineError> {
        let call = Tried::new("look for a path on the engine's machine", path);
        if self.is_podman().await? {
            self.podman_has_path(path, &call).await
        } else {
            self.tried(path, &call).await
        }
    }

    /// The engine checks the binds before it looks for the image: with an image that cannot exist nothing is made.
    async fn tried(&self, path: &str, call: &Tried) -> Result<bool, EngineError> {
        let body = with_bind(NO_SUCH_IMAGE.to_owned(), path);
        let asked = Box::pin(self.docker.create_container(None, body));
        match self.run(call, self.transport.limits.call, asked).await {
            Ok(made) => {
                self.take_away(&Remove::Container { container: made.id, volumes: true }).await?;
                Ok(true)
            }
            Err(error) if says(&error, &["bind source path does not exist"]) => Ok(false),
            Err(error) if error.kind == FailureKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// podman looks for the image first and makes the path if it is not there, so that its root is bound and the
    /// path is looked up below it, in a container of any image that is never started.
    async fn podman_has_path(&self, path: &str, call: &Tried) -> Result<bool, EngineError> {
        let images: Vec<ImageRow> = Raw::get(&["images", "json"]).fetch(&self.transport, call).await?;
        // Nothing can be tried without an image; what the engine may see is then copied to it.
        let Some(image) = images.into_iter().next() else { return Ok(false) };
        let body = with_bind(ObservedImage::from(image).id, "/");
        let asked = Box::pin(self.docker.create_container(None, body));
        let made = self.run(call, self.transport.limits.call, asked).await?.id;
        let looked = within(call, Some(self.transport.limits.call), async {
            let head = Raw::new(Method::HEAD, &["containers", &made, "archive"])
                .query("path", &format!("{TARGET}/{}", path.trim_start_matches('/')));
            head.send(&self.transport, call).await.map(drop)
        })
        .await;
        self.take_away(&Remove::Container { container: made, volumes: true }).await?;
        match looked {
            Ok(()) => Ok(true),
            Err(error) if error.kind == FailureKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
