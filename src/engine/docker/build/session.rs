//! What the engine may ask of us while it builds: files, secrets, agents of ssh, credentials.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use hyper::http::Request;
use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::grpc::{
    CONNECTION_WINDOW, INTERNAL, Messages, NOT_FOUND, Reply, STREAM_WINDOW, Status, UNAVAILABLE,
    UNIMPLEMENTED,
};
use super::message::{
    BytesMessage, CheckAgentRequest, CredentialsRequest, CredentialsResponse, Empty, GetSecretRequest,
    HealthResponse,
};
use super::sync::{self, Source, Wanted};
use crate::engine::build::BuildFiles;
use crate::engine::docker::credentials::Credentials;
use crate::model::build::{BuildSecret, SecretSource, SshAgent};

const DIFF_COPY: &str = "/moby.filesync.v1.FileSync/DiffCopy";
const GET_SECRET: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
const CHECK_AGENT: &str = "/moby.sshforward.v1.SSH/CheckAgent";
const FORWARD_AGENT: &str = "/moby.sshforward.v1.SSH/ForwardAgent";
const CREDENTIALS: &str = "/moby.filesync.v1.Auth/Credentials";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// The calls that are answered; the engine asks for no others.
pub(super) const METHODS: [&str; 6] =
    [DIFF_COPY, GET_SECRET, CHECK_AGENT, FORWARD_AGENT, CREDENTIALS, HEALTH];

/// A secret larger than this is refused (BuildKit's own limit).
const SECRET_LIMIT: u64 = 500 * 1024;
/// The name of Docker Hub's registry in requests for credentials.
const HUB: &str = "registry-1.docker.io";

/// What a build may have.
pub(super) struct Session {
    pub(super) sources: HashMap<String, Source>,
    pub(super) secrets: BTreeMap<String, BuildSecret>,
    pub(super) agents: BTreeMap<String, SshAgent>,
    pub(super) credentials: Arc<Credentials>,
    pub(super) files: Arc<dyn BuildFiles>,
}

impl Session {
    /// Serves a connection until the engine closes it.
    pub(super) async fn serve(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Send + Unpin,
    ) -> Result<(), Status> {
        let mut connection = h2::server::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(io)
            .await?;
        // What is still being answered ends with the connection.
        let mut calls = JoinSet::new();
        while let Some(accepted) = connection.accept().await {
            let (request, respond) = accepted?;
            calls.spawn(Arc::clone(&self).answer(request, respond));
            while calls.try_join_next().is_some() {}
        }
        Ok(())
    }

    async fn answer(self: Arc<Self>, request: Request<h2::RecvStream>, respond: SendResponse<Bytes>) {
        // The engine went away: there is nobody to answer.
        let Ok(mut reply) = Reply::begin(respond) else { return };
        let (head, body) = request.into_parts();
        let mut asked = Messages::new(body);
        let outcome = match head.uri.path() {
            DIFF_COPY => match self.sources.get(&sync::name_of(&head.headers)) {
                Some(source) => {
                    let wanted = Wanted::of(&head.headers);
                    sync::serve(source.clone(), wanted, Arc::clone(&self.files), asked, &mut reply).await
                }
                None => Err(Status::new(NOT_FOUND, "the build asks for a directory that it was not given")),
            },
            GET_SECRET => self.once(&mut asked, &mut reply, Session::secret).await,
            CHECK_AGENT => {
                self.once(&mut asked, &mut reply, |session, it: CheckAgentRequest| async move {
                    session.agent(&it.id).map(|_| Empty {})
                })
                .await
            }
            FORWARD_AGENT => {
                let id = head.headers.get("buildkit.ssh.id").and_then(|id| id.to_str().ok()).unwrap_or("");
                self.forward(id, asked, &mut reply).await
            }
            CREDENTIALS => self.once(&mut asked, &mut reply, Session::login).await,
            HEALTH => reply.send(&HealthResponse { status: 1 }).await,
            other => Err(Status::new(UNIMPLEMENTED, format!("{other} is not answered"))),
        };
        reply.end(outcome);
    }

    /// A call of one message with one answer.
    async fn once<A, B, F>(
        self: &Arc<Self>,
        asked: &mut Messages,
        reply: &mut Reply,
        answer: impl FnOnce(Arc<Self>, A) -> F,
    ) -> Result<(), Status>
    where
        A: Message + Default,
        B: Message,
        F: Future<Output = Result<B, Status>>,
    {
        let question = asked.next::<A>().await?.unwrap_or_default();
        reply.send(&answer(Arc::clone(self), question).await?).await
    }

    async fn secret(self: Arc<Self>, it: GetSecretRequest) -> Result<BytesMessage, Status> {
        let Some(secret) = self.secrets.get(&it.id) else {
            return Err(Status::new(NOT_FOUND, format!("secret {} not found", it.id)));
        };
        match &secret.source {
            SecretSource::Bytes(bytes) => Ok(BytesMessage { data: bytes.to_vec() }),
            SecretSource::File(path) => {
                let (path, files) = (path.clone(), Arc::clone(&self.files));
                let read = move || read_secret(&path, &*files);
                let read = tokio::task::spawn_blocking(read).await;
                let data = read.map_err(|error| Status::new(INTERNAL, error.to_string()))??;
                Ok(BytesMessage { data })
            }
        }
    }

    fn agent(&self, id: &str) -> Result<&PathBuf, Status> {
        let id = if id.is_empty() { "default" } else { id };
        match self.agents.get(id) {
            Some(SshAgent::Socket(path)) => Ok(path),
            Some(SshAgent::Missing) => Err(Status::new(
                UNAVAILABLE,
                format!("the build asks for the agent `{id}`, and `SSH_AUTH_SOCK` is not set"),
            )),
            None => Err(Status::new(NOT_FOUND, format!("unset ssh forward key {id}"))),
        }
    }

    /// Carries bytes between the build and an agent, both ways, until one of them ends.
    async fn forward(&self, id: &str, mut asked: Messages, reply: &mut Reply) -> Result<(), Status> {
        let path = self.agent(id)?;
        let agent = UnixStream::connect(path).await.map_err(|error| {
            let message = format!("cannot reach the agent at `{}`: {error}", path.display());
            Status::new(UNAVAILABLE, message)
        })?;
        let (mut reading, mut writing) = agent.into_split();
        let broken =
            |error: std::io::Error| Status::new(UNAVAILABLE, format!("the agent broke off: {error}"));
        let there = async {
            while let Some(message) = asked.next::<BytesMessage>().await? {
                writing.write_all(&message.data).await.map_err(broken)?;
            }
            writing.shutdown().await.map_err(broken)
        };
        let back = async {
            let mut buffer = vec![0; 16 * 1024];
            loop {
                match reading.read(&mut buffer).await.map_err(broken)? {
                    0 => return Ok(()),
                    read => reply.send(&BytesMessage { data: buffer[..read].to_vec() }).await?,
                }
            }
        };
        tokio::try_join!(there, back).map(drop)
    }

    async fn login(self: Arc<Self>, it: CredentialsRequest) -> Result<CredentialsResponse, Status> {
        let registry = if it.host == HUB { "docker.io" } else { &it.host };
        match self.credentials.login(registry).await {
            Ok(Some((username, secret))) => Ok(CredentialsResponse { username, secret }),
            Ok(None) => Ok(CredentialsResponse::default()),
            Err(error) => Err(Status::new(UNAVAILABLE, error.to_string())),
        }
    }
}

fn read_secret(path: &std::path::Path, files: &dyn BuildFiles) -> Result<Vec<u8>, Status> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| {
        Status::new(NOT_FOUND, format!("cannot read the secret `{}`: {error}", path.display()))
    };
    let mut data = Vec::new();
    let file = files.open(path).map_err(failed)?;
    file.take(SECRET_LIMIT + 1).read_to_end(&mut data).map_err(failed)?;
    if data.len() as u64 > SECRET_LIMIT {
        let message = format!("the secret `{}` is larger than {SECRET_LIMIT} bytes", path.display());
        return Err(Status::new(INTERNAL, message));
    }
    Ok(data)
}
