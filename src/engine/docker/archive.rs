//! Files into and out of containers.

use hyper::Method;

use super::api::{Raw, bytes_of, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::upload::Upload;
use crate::engine::engine::ByteStream;
use crate::engine::error::EngineError;

impl DockerEngine {
    /// `for_user`: the engine's `copyUIDGID`, which hands the files to the container's user.
    pub(super) async fn put_archive(
        &self,
        container: &str,
        path: &str,
        archive: ByteStream,
        for_user: bool,
    ) -> Result<(), EngineError> {
        let call = Tried::new("put files into container", container);
        let (upload, body) = Upload::new(archive, self.transport.limits);
        let request = Raw::new(Method::PUT, &["containers", container, "archive"])
            .query("path", path)
            .maybe("copyUIDGID", for_user.then_some("true"))
            .header("content-type", "application/x-tar")
            .body(body);
        upload.watch(&call, async { request.send(&self.transport, &call).await.map(drop) }).await
    }

    pub(super) async fn get_archive(&self, container: &str, path: &str) -> Result<ByteStream, EngineError> {
        let call = Tried::new("get files from container", container);
        let request = Raw::get(&["containers", container, "archive"]).query("path", path);
        let response =
            within(&call, Some(self.transport.limits.call), request.send(&self.transport, &call)).await?;
        Ok(bytes_of(response, call, Some(self.transport.limits.silence())))
    }
}
