//! Changing and removing what is there.

use std::time::Duration;

use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, RemoveImageOptions, RemoveVolumeOptions,
    RenameContainerOptions, StopContainerOptions,
};

use futures_util::stream::StreamExt as _;

use super::api::{Raw, bytes_of, within};
use super::create::network::endpoint_settings;
use super::engine::DockerEngine;
use super::error::{Call as Tried, says};
use super::observe::detail::ContainerAnswer;
use crate::engine::engine::{Change, Remove};
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;

/// The engine's own grace where neither the call nor the container has one.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

impl DockerEngine {
    pub(super) async fn change(&self, container: &str, change: &Change) -> Result<(), EngineError> {
        let (docker, short) = (&self.docker, self.transport.limits.call);
        match change {
            Change::Start => {
                let call = Tried::new("start container", container);
                self.run(&call, short, docker.start_container(container, None)).await
            }
            Change::Stop(grace) => self.stop(container, *grace).await,
            Change::Kill(signal) => {
                let call = Tried::new("kill container", container);
                let options =
                    KillContainerOptions { signal: signal.clone().unwrap_or_else(|| "SIGKILL".into()) };
                let ends = matches!(options.signal.as_str(), "SIGKILL" | "KILL" | "9");
                let result = self.run(&call, short, docker.kill_container(container, Some(options))).await;
                let told = forgive(result, |error| ends && says(error, &["is not running"]));
                if ends && told.is_ok() {
                    self.until_listed(container).await;
                }
                told
            }
            Change::Pause => {
                let call = Tried::new("pause container", container);
                let result = self.run(&call, short, docker.pause_container(container)).await;
                forgive(result, |error| says(error, &["already paused"]))
            }
            Change::Unpause => {
                let call = Tried::new("unpause container", container);
                let result = self.run(&call, short, docker.unpause_container(container)).await;
                forgive(result, |error| says(error, &["is not paused"]))
            }
            Change::Rename(name) => {
                let call = Tried::new("rename container", container);
                let options = RenameContainerOptions { name: name.clone() };
                self.run(&call, short, docker.rename_container(container, options)).await
            }
            Change::Connect { network, endpoint } => {
                let call = Tried::new("connect to network", network);
                let request = NetworkConnectRequest {
                    container: container.to_owned(),
                    endpoint_config: Some(endpoint_settings(endpoint)),
                };
                let result = self.run(&call, short, docker.connect_network(network, request)).await;
                forgive(result, |error| {
                    says(error, &["already exists in network", "already attached to", "already connected"])
                })
            }
            Change::Disconnect { network } => {
                let call = Tried::new("disconnect from network", network);
                let request = NetworkDisconnectRequest { container: container.to_owned(), force: Some(true) };
                let result = self.run(&call, short, docker.disconnect_network(network, request)).await;
                forgive(result, |error| says(error, &["is not connected to"]))
            }
        }
    }

    /// The answer comes when the container has ended: within its grace and what the kill takes after it.
    async fn stop(&self, container: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let call = Tried::new("stop container", container);
        let limit = if let Some(grace) = grace {
            grace
        } else {
            let asked = Raw::get(&["containers", container, "json"]).fetch(&self.transport, &call);
            let answer: ContainerAnswer = asked.await?;
            answer.stop_timeout().map_or(DEFAULT_GRACE, Duration::from_secs)
        };
        let seconds = grace.map(|grace| i32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(i32::MAX));
        let options = StopContainerOptions { t: seconds, ..StopContainerOptions::default() };
        self.run(
            &call,
            limit.saturating_add(self.transport.limits.call),
            self.docker.stop_container(container, Some(options)),
        )
        .await?;
        self.until_listed(container).await;
        Ok(())
    }

    /// Waits until a container that has ended is listed so. Engines answer a stop or kill a moment before: who lists
    /// next, as the next command does, would take it for running. What inspects the container waits for the lock that
    /// is held until the list has it (moby `daemon/monitor.go`, `handleContainerExit`). The answer is of no matter: the
    /// end is told already, and a container may go with its end.
    async fn until_listed(&self, container: &str) {
        let call = Tried::new("inspect container", container);
        let asked = Raw::get(&["containers", container, "json"]);
        let _ = asked.fetch::<serde::de::IgnoredAny>(&self.transport, &call).await;
    }

    pub(super) async fn take_away(&self, object: &Remove) -> Result<(), EngineError> {
        let (docker, short) = (&self.docker, self.transport.limits.call);
        let result = match object {
            Remove::Container { container, volumes } => {
                return self.remove_container(container, *volumes).await;
            }
            Remove::Network(network) => {
                let call = Tried::new("remove network", network);
                self.run(&call, short, docker.remove_network(network)).await
            }
            Remove::Volume(volume) => {
                let call = Tried::new("remove volume", volume);
                self.run(&call, short, docker.remove_volume(volume, None::<RemoveVolumeOptions>)).await
            }
            Remove::Image(image) => {
                let call = Tried::new("remove image", image);
                let removed = docker.remove_image(image, None::<RemoveImageOptions>, None);
                self.run(&call, short, removed).await.map(drop)
            }
        };
        forgive(result, |error| error.kind == FailureKind::NotFound)
    }

    async fn remove_container(&self, container: &str, volumes: bool) -> Result<(), EngineError> {
        let call = Tried::new("remove container", container);
        let options = RemoveContainerOptions { force: true, v: volumes, ..RemoveContainerOptions::default() };
        let short = self.transport.limits.call;
        let result = self.run(&call, short, self.docker.remove_container(container, Some(options))).await;
        match result {
            Err(error) if error.kind == FailureKind::NotFound => Ok(()),
            Err(error) if says(&error, &["already in progress"]) => {
                self.until_removed(container, &call).await
            }
            other => other,
        }
    }

    /// Waits for a removal that somebody else began. The engine answers when it is over.
    async fn until_removed(&self, container: &str, call: &Tried) -> Result<(), EngineError> {
        let request = Raw::post(&["containers", container, "wait"]).query("condition", "removed");
        let waited = within(call, Some(self.transport.limits.call), async {
            let response = request.send(&self.transport, call).await?;
            // The head comes at once, the end of the body with the end of the container.
            let mut body = bytes_of(response, call.clone(), None);
            while let Some(bytes) = body.next().await {
                bytes?;
            }
            Ok(())
        })
        .await;
        forgive(waited, |error| error.kind == FailureKind::NotFound)
    }
}

/// Takes errors for success that say that there is nothing to do.
fn forgive(
    result: Result<(), EngineError>,
    nothing_to_do: impl Fn(&EngineError) -> bool,
) -> Result<(), EngineError> {
    match result {
        Err(error) if nothing_to_do(&error) => Ok(()),
        other => other,
    }
}
