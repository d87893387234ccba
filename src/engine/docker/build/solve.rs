//! The request of a build, its course and its end.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{Either, select};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

use super::agent;
use super::grpc::{Channel, Held, Status};
use super::message::{CacheEntry, CacheOptions, SolveRequest, SolveResponse, StatusRequest, StatusResponse};
use super::notes::Teller;
use super::session::{METHODS, Session};
use super::sync::Source;
use crate::engine::build::{Build, BuildFiles, BuildNotes};
use crate::engine::docker::api::{Raw, within};
use crate::engine::docker::engine::DockerEngine;
use crate::engine::docker::error::Call as Tried;
use crate::engine::error::EngineError;
use crate::model::build::{BuildSpec, CachePlace, Context, Dockerfile};
use crate::model::failure::FailureKind;

pub(super) const SOLVE: &str = "/moby.buildkit.v1.Control/Solve";
const STATUS: &str = "/moby.buildkit.v1.Control/Status";

/// Names of the directories in the frontend's words (BuildKit `frontend/dockerui`).
const CONTEXT: &str = "context";
const DOCKERFILE: &str = "dockerfile";

/// How long a build's last words may take once it has ended. One that is refused before it begins has none, and the engine waits
/// for it to begin for ever (BuildKit's own client waits as long, `client/solve.go`).
const LAST_WORDS: Duration = Duration::from_secs(3);

static BUILDS: AtomicU64 = AtomicU64::new(0);

/// A text that no other build has.
fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let number = BUILDS.fetch_add(1, Ordering::Relaxed);
    format!("nestctl{:x}{now:x}{number:x}", std::process::id())
}

/// A build that can begin. What it holds ends with it.
pub(super) struct Opened {
    pub(super) request: SolveRequest,
    pub(super) channel: Channel,
    _serving: Held,
    _key_agents: Vec<agent::KeyAgent>,
}

/// A call of the builder that failed.
pub(super) fn broken(op: &'static str, name: &str, status: Status) -> EngineError {
    EngineError {
        op,
        target: name.to_owned(),
        kind: FailureKind::Engine,
        status: None,
        source: Some(Box::new(status)),
    }
}

impl DockerEngine {
    pub(in crate::engine::docker) async fn build_image(
        &self,
        build: &Build,
        files: Arc<dyn BuildFiles>,
        notes: BuildNotes,
    ) -> Result<String, EngineError> {
        let name = build.names.first().map_or("", String::as_str);
        let failed = |status: Status| broken("build image", name, status);
        let opened = self.open_build("build image", build, files).await?;
        let Opened { request, channel, .. } = &opened;
        let status = StatusRequest { reference: request.reference.clone() };
        let course = async {
            let mut teller = Teller::new(notes);
            // How the build went is the other call's to say.
            let Ok(mut answers) = channel.call(STATUS, &status, &[]).await else { return };
            while let Ok(Some(answer)) = answers.next::<StatusResponse>().await {
                teller.hear(answer);
            }
        };
        let solve = channel.ask::<SolveResponse>(SOLVE, request, &[]);
        let solved = match select(pin!(solve), pin!(course)).await {
            Either::Left((solved, course)) => {
                let _ = tokio::time::timeout(LAST_WORDS, course).await;
                solved
            }
            Either::Right(((), solve)) => solve.await,
        };
        let answer = solved.map_err(failed)?;
        Ok(answer.exporter_response.get("containerimage.digest").cloned().unwrap_or_default())
    }

    /// A session that has what the build may ask for, a connection to call on, and the request to make there.
    pub(super) async fn open_build(
        &self,
        doing: &'static str,
        build: &Build,
        files: Arc<dyn BuildFiles>,
    ) -> Result<Opened, EngineError> {
        let name = build.names.first().map_or("", String::as_str);
        let call = Tried::new(doing, name);
        let failed = |status: Status| broken(doing, name, status);
        let (mut request, sources) = request(build);
        request.reference = unique();
        let mut agents = build.spec.ssh.clone();
        let key_agents = agent::for_keys(&mut agents).await.map_err(failed)?;
        let session = Arc::new(Session {
            sources,
            secrets: build.spec.secrets.clone(),
            agents,
            credentials: Arc::clone(&self.credentials),
            files,
        });
        let mut open = Raw::post(&["session"])
            .header("x-docker-expose-session-uuid", &request.session)
            .header("x-docker-expose-session-name", "nestctl")
            .header("x-docker-expose-session-sharedkey", shared_key(&build.spec));
        for method in METHODS {
            open = open.header("x-docker-expose-session-grpc-method", method);
        }
        let io = self.upgraded(open, &call).await?;
        let serving = Held::spawn(async move { drop(session.serve(io).await) });
        let channel =
            Channel::over(self.upgraded(Raw::post(&["grpc"]), &call).await?).await.map_err(failed)?;
        Ok(Opened { request, channel, _serving: serving, _key_agents: key_agents })
    }

    async fn upgraded(&self, request: Raw, call: &Tried) -> Result<TokioIo<Upgraded>, EngineError> {
        within(call, Some(self.transport.limits.call), async {
            let request = request.header("connection", "Upgrade").header("upgrade", "h2c");
            let response = match request.send(&self.transport, call).await {
                Ok(response) => response,
                Err(error) if matches!(error.status, Some(404 | 405 | 501)) => {
                    return Err(EngineError {
                        source: Some("the engine has no BuildKit, which nestctl builds with".into()),
                        ..error
                    });
                }
                Err(error) => return Err(error),
            };
            let upgraded = hyper::upgrade::on(response).await.map_err(|error| call.unreachable(error))?;
            Ok(TokioIo::new(upgraded))
        })
        .await
    }
}

/// By it the engine finds the files of an earlier build of the same directory, and asks for those alone that changed.
fn shared_key(spec: &BuildSpec) -> String {
    let mut hasher = DefaultHasher::new();
    if let Context::Directory(path) = &spec.context {
        path.hash(&mut hasher);
    }
    format!("nestctl-{:016x}", hasher.finish())
}

/// The request, and the directories that it names.
fn request(build: &Build) -> (SolveRequest, HashMap<String, Source>) {
    let spec = &build.spec;
    let mut sources = HashMap::new();
    let mut attributes: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |key: &str, value: &str| {
        attributes.insert(key.to_owned(), value.to_owned());
    };
    match &spec.context {
        Context::Directory(path) => {
            sources.insert(CONTEXT.to_owned(), Source::Directory(path.clone()));
        }
        Context::Remote(address) => set(CONTEXT, address),
        // Whoever asks for a build has put the image in its place.
        Context::Service(_) => {}
    }
    let remote = !matches!(spec.context, Context::Directory(_));
    match &spec.dockerfile {
        Dockerfile::Within(path) => set("filename", path),
        Dockerfile::Inline(text) => {
            let name = "Dockerfile".to_owned();
            sources.insert(DOCKERFILE.to_owned(), Source::File { name, text: Arc::clone(text) });
            if remote {
                set("dockerfilekey", DOCKERFILE);
            }
        }
        Dockerfile::File(path) => {
            let directory = path.parent().unwrap_or(path).to_owned();
            sources.insert(DOCKERFILE.to_owned(), Source::Directory(directory));
            if let Some(name) = path.file_name() {
                set("filename", &name.to_string_lossy());
            }
            if remote {
                set("dockerfilekey", DOCKERFILE);
            }
        }
    }
    for (name, context) in &spec.additional_contexts {
        match context {
            Context::Directory(path) => {
                // No name of a context can be one of the two above.
                let local = format!("named:{name}");
                set(&format!("context:{name}"), &format!("local:{local}"));
                sources.insert(local, Source::Directory(path.clone()));
            }
            Context::Remote(address) => set(&format!("context:{name}"), address),
            Context::Service(_) => {}
        }
    }
    for (key, value) in &spec.args {
        set(&format!("build-arg:{key}"), value);
    }
    for (key, value) in &spec.labels {
        set(&format!("label:{key}"), value);
    }
    if let Some(target) = &spec.target {
        set("target", target);
    }
    if let Some(platform) = &build.platform {
        set("platform", platform);
    }
    if spec.no_cache {
        set("no-cache", "");
    } else if !spec.no_cache_filter.is_empty() {
        set("no-cache", &spec.no_cache_filter.join(","));
    }
    if spec.pull {
        set("image-resolve-mode", "pull");
    }
    if let Some(network) = &spec.network {
        set("force-network-mode", network);
    }
    if !spec.extra_hosts.is_empty() {
        let hosts: Vec<String> = spec.extra_hosts.iter().map(|line| line.replacen(':', "=", 1)).collect();
        set("add-hosts", &hosts.join(","));
    }
    if let Some(size) = spec.shm_size {
        set("shm-size", &size.to_string());
    }
    if !spec.ulimits.is_empty() {
        let limits = spec.ulimits.iter().map(|(name, it)| format!("{name}={}:{}", it.soft, it.hard));
        set("ulimit", &limits.collect::<Vec<_>>().join(","));
    }
    for (name, wanted) in [("provenance", &spec.provenance), ("sbom", &spec.sbom)] {
        if let Some(wanted) = wanted {
            set(&format!("attest:{name}"), if wanted == "true" { "" } else { wanted });
        }
    }
    let mut entitlements = spec.entitlements.clone();
    if spec.network.as_deref() == Some("host") && !entitlements.iter().any(|it| it == "network.host") {
        entitlements.push("network.host".to_owned());
    }
    let cache = |places: &[CachePlace]| -> Vec<CacheEntry> {
        let entry = |it: &CachePlace| CacheEntry { kind: it.kind.clone(), attributes: it.attributes.clone() };
        places.iter().map(entry).collect()
    };
    let request = SolveRequest {
        reference: String::new(),
        exporter: "moby".to_owned(),
        exporter_attributes: BTreeMap::from([("name".to_owned(), build.names.join(","))]),
        session: unique(),
        frontend: "dockerfile.v0".to_owned(),
        frontend_attributes: attributes,
        cache: Some(CacheOptions { exports: cache(&spec.cache_to), imports: cache(&spec.cache_from) }),
        entitlements,
    };
    (request, sources)
}
