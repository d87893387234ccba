//! One engine that speaks Docker's API.

use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as BollardError;
use bollard::query_parameters::CreateContainerOptions;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::address::EngineAddress;
use super::api::{Raw, within};
use super::connect::Connector;
use super::create::container::ContainerRequest;
use super::create::network::{network, volume};
use super::credentials::Credentials;
use super::error::Call as Tried;
use super::observe::about::{InfoAnswer, VersionAnswer, facts};
use super::observe::container::{ContainerRow, HealthOfPodman, add_health};
use super::observe::detail::{ContainerAnswer, ImageAnswer};
use super::observe::list::{ImageRow, NetworkRow, VolumeList};
use super::transport::{Transport, bollard_over};
use super::tunnel::Tunnel;
use crate::engine::build::{Build, BuildFiles, BuildNotes};
use crate::engine::engine::{
    AttachSpec, ByteStream, Call, Change, Create, Engine, EngineEvent, ExecSession, ExecSpec, LogOptions,
    OutputStream, Progress, Remove, Span,
};
use crate::engine::error::EngineError;
use crate::engine::limits::Limits;
use crate::model::build::Checked;
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::observed::{ContainerDetail, ImageDetail, Observed, ObservedContainer};
use crate::model::usage::{ProcessTable, Usage};

/// bollard's own limit, out of the way: each call here has one of its own.
const BOLLARD_LIMIT_SECONDS: u64 = 7 * 24 * 3600;

/// An engine reached over its API.
pub struct DockerEngine {
    pub(super) transport: Arc<Transport>,
    pub(super) docker: Docker,
    pub(super) credentials: Arc<Credentials>,
    containerd_store: OnceCell<bool>,
    podman: OnceCell<bool>,
}

impl DockerEngine {
    /// An engine at an address. Makes no call; fails only on certificates that cannot be read.
    pub fn new(
        address: &EngineAddress,
        credentials: Credentials,
        limits: Limits,
    ) -> Result<Arc<Self>, EngineError> {
        let connector = Connector::new(address).map_err(|error| {
            Tried::new("use the address of the engine", address.to_string()).nonsense(error)
        })?;
        Ok(Arc::new(Self::over(connector, Arc::new(credentials), limits)))
    }

    fn over(connector: Connector, credentials: Arc<Credentials>, limits: Limits) -> Self {
        let transport = Transport::new(connector, limits);
        let docker = bollard_over(&transport, BOLLARD_LIMIT_SECONDS);
        Self { transport, docker, credentials, containerd_store: OnceCell::new(), podman: OnceCell::new() }
    }

    /// Runs a call of bollard's.
    pub(super) async fn run<T>(
        &self,
        call: &Tried,
        limit: Duration,
        future: impl Future<Output = Result<T, BollardError>>,
    ) -> Result<T, EngineError> {
        within(call, Some(limit), async { future.await.map_err(|error| call.bollard(error)) }).await
    }

    pub(super) async fn inspect_container(&self, container: &str) -> Result<ContainerDetail, EngineError> {
        let call = Tried::new("inspect container", container);
        let answer: ContainerAnswer =
            Raw::get(&["containers", container, "json"]).fetch(&self.transport, &call).await?;
        Ok(answer.into())
    }

    async fn image(&self, image: &str) -> Result<ImageAnswer, EngineError> {
        let call = Tried::new("inspect image", image);
        Raw::get(&["images", image, "json"]).fetch(&self.transport, &call).await
    }

    pub(super) async fn image_platform(&self, image: &str) -> Result<serde_json::Value, EngineError> {
        Ok(self.image(image).await?.platform())
    }

    async fn info(&self) -> Result<InfoAnswer, EngineError> {
        let call = Tried::new("ask for the facts of the engine", "");
        Raw::get(&["info"]).fetch(&self.transport, &call).await
    }

    async fn about(&self) -> Result<VersionAnswer, EngineError> {
        let call = Tried::new("ask for the version of the engine", "");
        Raw::get(&["version"]).fetch(&self.transport, &call).await
    }

    pub(super) async fn has_containerd_store(&self) -> Result<bool, EngineError> {
        let told =
            self.containerd_store.get_or_try_init(|| async { Ok(self.info().await?.containerd_store()) });
        told.await.copied()
    }

    pub(super) async fn is_podman(&self) -> Result<bool, EngineError> {
        self.podman.get_or_try_init(|| async { Ok(self.about().await?.is_podman()) }).await.copied()
    }

    async fn list_containers(&self) -> Result<Vec<ObservedContainer>, EngineError> {
        let call = Tried::new("list the containers of the engine", "");
        let (head, rows): (_, Vec<ContainerRow>) = Raw::get(&["containers", "json"])
            .query("all", "true")
            .fetch_with_head(&self.transport, &call)
            .await?;
        let mut containers: Vec<ObservedContainer> = rows.into_iter().map(Into::into).collect();
        // podman's answer in Docker's words leaves the health out.
        if head.contains_key("libpod-api-version") {
            let rows: Vec<HealthOfPodman> = Raw::get(&["libpod", "containers", "json"])
                .query("all", "true")
                .fetch(&self.transport, &call)
                .await?;
            add_health(&mut containers, rows);
        }
        Ok(containers)
    }

    async fn lists(&self) -> Result<Observed, EngineError> {
        let call = |what| Tried::new(what, "");
        let networks_call = call("list the networks of the engine");
        let networks = Raw::get(&["networks"]).fetch::<Vec<NetworkRow>>(&self.transport, &networks_call);
        let volumes_call = call("list the volumes of the engine");
        let volumes = Raw::get(&["volumes"]).fetch::<VolumeList>(&self.transport, &volumes_call);
        let images_call = call("list the images of the engine");
        let images = Raw::get(&["images", "json"]).fetch::<Vec<ImageRow>>(&self.transport, &images_call);
        let containers = self.list_containers();
        let (containers, networks, volumes, images) = if self.transport.is_tunnel() {
            // Each request at once would be a process more in the node.
            (containers.await?, networks.await?, volumes.await?, images.await?)
        } else {
            futures_util::try_join!(containers, networks, volumes, images)?
        };
        Ok(Observed {
            containers,
            networks: networks.into_iter().map(Into::into).collect(),
            volumes: volumes.volumes.into_iter().map(Into::into).collect(),
            images: images.into_iter().map(Into::into).collect(),
        })
    }

    async fn make(&self, object: &Create) -> Result<String, EngineError> {
        match object {
            Create::Container { name, spec, image, labels } => {
                let call = Tried::new("create container", name);
                let api = within(&call, Some(self.transport.limits.call), async {
                    self.transport.version().await.map_err(|error| call.unreachable(error))
                });
                let api = api.await?;
                let detail = match &spec.wrapper {
                    Some(_) => Some(ImageDetail::from(self.image(image).await?)),
                    None => None,
                };
                let request = ContainerRequest { spec, image, labels, detail: detail.as_ref(), api };
                let body = request.body().map_err(|error| call.nonsense(error))?;
                let options = CreateContainerOptions {
                    name: Some(name.clone()),
                    platform: spec.platform.clone().unwrap_or_default(),
                };
                // Boxed: bollard holds the whole body within the future.
                let asked = Box::pin(self.docker.create_container(Some(options), body));
                let made = self.run(&call, self.transport.limits.call, asked).await?;
                Ok(made.id)
            }
            Create::Network { name, spec, labels } => {
                let call = Tried::new("create network", name);
                let body = serde_json::to_value(network(name, spec, labels));
                let mut body = body.map_err(|error| call.nonsense(error))?;
                // Below API 1.44 an engine makes a second network of the same name unless told otherwise.
                body["CheckDuplicate"] = true.into();
                let made: NetworkMade =
                    Raw::post(&["networks", "create"]).json(&body).fetch(&self.transport, &call).await?;
                Ok(made.id)
            }
            Create::Volume { name, spec, labels } => {
                let call = Tried::new("create volume", name);
                let body = serde_json::to_value(volume(name, spec, labels));
                let body = body.map_err(|error| call.nonsense(error))?;
                let made: VolumeMade =
                    Raw::post(&["volumes", "create"]).json(&body).fetch(&self.transport, &call).await?;
                Ok(made.name)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkMade {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeMade {
    name: String,
}

impl Engine for DockerEngine {
    fn ping(&self) -> Call<'_, ()> {
        Box::pin(async move {
            let call = Tried::new("reach the engine", "");
            let (status, body) = self.transport.ping().await.map_err(|error| call.unreachable(error))?;
            if (200..300).contains(&status) {
                return Ok(());
            }
            Err(call.refused(status, &String::from_utf8_lossy(&body)))
        })
    }

    fn facts(&self) -> Call<'_, Facts> {
        Box::pin(async move {
            let (info, about) = if self.transport.is_tunnel() {
                (self.info().await?, self.about().await?)
            } else {
                futures_util::try_join!(self.info(), self.about())?
            };
            Ok(facts(info, about))
        })
    }

    fn observe(&self) -> Call<'_, Observed> {
        Box::pin(self.lists())
    }

    fn containers(&self) -> Call<'_, Vec<ObservedContainer>> {
        Box::pin(self.list_containers())
    }

    fn inspect<'a>(&'a self, container: &'a str) -> Call<'a, ContainerDetail> {
        Box::pin(self.inspect_container(container))
    }

    fn inspect_image<'a>(&'a self, image: &'a str) -> Call<'a, ImageDetail> {
        Box::pin(async move { Ok(self.image(image).await?.into()) })
    }

    fn create<'a>(&'a self, object: &'a Create) -> Call<'a, String> {
        Box::pin(self.make(object))
    }

    fn act<'a>(&'a self, container: &'a str, change: &'a Change) -> Call<'a, ()> {
        Box::pin(self.change(container, change))
    }

    fn remove<'a>(&'a self, object: &'a Remove) -> Call<'a, ()> {
        Box::pin(self.take_away(object))
    }

    fn pull<'a>(&'a self, image: &'a str, platform: Option<&'a str>, progress: Progress) -> Call<'a, ()> {
        Box::pin(self.pull_image(image, platform, progress))
    }

    fn push<'a>(&'a self, image: &'a str, progress: Progress) -> Call<'a, ()> {
        Box::pin(self.push_image(image, progress))
    }

    fn registry_digest<'a>(&'a self, image: &'a str) -> Call<'a, String> {
        Box::pin(self.look_up_digest(image))
    }

    fn build<'a>(
        &'a self,
        build: &'a Build,
        files: Arc<dyn BuildFiles>,
        notes: BuildNotes,
    ) -> Call<'a, String> {
        Box::pin(self.build_image(build, files, notes))
    }

    fn check_build<'a>(&'a self, build: &'a Build, files: Arc<dyn BuildFiles>) -> Call<'a, Checked> {
        Box::pin(self.lint(build, files))
    }

    fn save<'a>(&'a self, image: &'a str) -> Call<'a, ByteStream> {
        Box::pin(self.save_image(image))
    }

    fn load(&self, archive: ByteStream) -> Call<'_, Vec<String>> {
        Box::pin(self.load_images(archive))
    }

    fn tag<'a>(&'a self, image: &'a str, reference: &'a str) -> Call<'a, ()> {
        Box::pin(self.tag_image(image, reference))
    }

    fn put<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()> {
        Box::pin(self.put_archive(container, path, archive, false))
    }

    fn put_for_user<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()> {
        Box::pin(self.put_archive(container, path, archive, true))
    }

    fn get<'a>(&'a self, container: &'a str, path: &'a str) -> Call<'a, ByteStream> {
        Box::pin(self.get_archive(container, path))
    }

    fn exec<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ExecSession> {
        Box::pin(self.open_exec(container, exec))
    }

    fn exec_detached<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ()> {
        Box::pin(self.leave_exec(container, exec))
    }

    fn logs<'a>(&'a self, container: &'a str, options: &'a LogOptions) -> Call<'a, OutputStream> {
        Box::pin(self.open_logs(container, options))
    }

    fn events(&self) -> Call<'_, BoxStream<'static, Result<EngineEvent, EngineError>>> {
        Box::pin(self.open_events())
    }

    fn attach<'a>(&'a self, container: &'a str, spec: &'a AttachSpec) -> Call<'a, ExecSession> {
        Box::pin(self.attach_to(container, spec))
    }

    fn wait<'a>(
        &'a self,
        container: &'a str,
        next: bool,
    ) -> Call<'a, BoxFuture<'static, Result<i64, EngineError>>> {
        Box::pin(self.wait_for(container, next))
    }

    fn top<'a>(&'a self, container: &'a str, arguments: Option<&'a str>) -> Call<'a, ProcessTable> {
        Box::pin(self.top_of(container, arguments))
    }

    fn usage<'a>(
        &'a self,
        container: &'a str,
        follow: bool,
    ) -> Call<'a, BoxStream<'static, Result<Usage, EngineError>>> {
        Box::pin(self.usage_of(container, follow))
    }

    fn history<'a>(
        &'a self,
        span: &'a Span,
    ) -> Call<'a, BoxStream<'static, Result<EngineEvent, EngineError>>> {
        Box::pin(self.open_history(span))
    }

    fn sees<'a>(&'a self, path: &'a str) -> Call<'a, bool> {
        Box::pin(self.has_path(path))
    }

    fn inside(self: Arc<Self>, container: &str, dial: &Dial) -> Arc<dyn Engine> {
        match dial {
            // The engine of such a node is this one.
            Dial::Parent { .. } => self,
            Dial::Exec { argv, env, user } => {
                let (credentials, limits) = (Arc::clone(&self.credentials), self.transport.limits);
                let tunnel = Tunnel {
                    parent: self,
                    container: container.to_owned(),
                    argv: argv.clone(),
                    env: env.clone(),
                    user: user.clone(),
                };
                Arc::new(Self::over(Connector::Exec(Arc::new(tunnel)), credentials, limits))
            }
        }
    }
}

#[cfg(test)]
mod tests;
