//! An engine for tests that plays a script: a hyper server on a socket in a directory of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;
use tokio::task::AbortHandle;

use super::address::EngineAddress;
use super::credentials::Credentials;
use super::engine::DockerEngine;
use crate::engine::limits::Limits;

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Method, path and query.
    pub(super) line: String,
    /// The value of `X-Registry-Auth`.
    pub(super) auth: Option<String>,
    /// The body; `Err`: it broke off.
    pub(super) body: Result<Vec<u8>, String>,
}

/// What is answered.
pub(super) enum Answer {
    /// A status and a text.
    Text(u16, String),
    /// The head, these pieces, and then the end or, with `true`, a torn connection.
    Pieces(Vec<&'static [u8]>, bool),
    /// Nothing, ever.
    Never,
    /// An upgrade to a stream of frames; what comes in is given back as standard output, after its end.
    EchoFrames,
    /// An upgrade to a stream of frames: this as standard output, once something has come in.
    SayFrame(&'static str),
}

pub(super) type Script = Arc<dyn Fn(Asked) -> BoxFuture<'static, Answer> + Send + Sync>;

/// A running engine.
pub(super) struct ScriptedEngine {
    directory: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: AbortHandle,
}

impl ScriptedEngine {
    /// Starts one that says that its API is `api`; `script` answers all but the ping.
    pub(super) fn start(api: &'static str, script: Script) -> (Self, Arc<DockerEngine>) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("nestctl-scripted-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let socket = directory.join("docker.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn(serve(listener, api, script, Arc::clone(&asked))).abort_handle();
        let engine =
            DockerEngine::new(&EngineAddress::Unix(socket), Credentials::default(), Limits::default())
                .expect("an address");
        (Self { directory, asked, server }, engine)
    }

    /// All that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics within").clone()
    }

    /// The lines of it.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

impl Drop for ScriptedEngine {
    fn drop(&mut self) {
        self.server.abort();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

async fn serve(listener: UnixListener, api: &'static str, script: Script, asked: Arc<Mutex<Vec<Asked>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
        let service =
            service_fn(move |request| answer(request, api, Arc::clone(&script), Arc::clone(&asked)));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A torn connection is an error here and the point of some tests.
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

fn full(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed()
}

/// Writes down what was asked, also when the server drops the request because its connection tore.
struct Note {
    line: String,
    auth: Option<String>,
    body: Result<Vec<u8>, String>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Note {
    fn take(&self) -> Asked {
        Asked { line: self.line.clone(), auth: self.auth.clone(), body: self.body.clone() }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        self.asked.lock().expect("no test panics within").push(self.take());
    }
}

async fn answer(
    mut request: Request<Incoming>,
    api: &'static str,
    script: Script,
    asked: Arc<Mutex<Vec<Asked>>>,
) -> Result<Response<Body>, std::io::Error> {
    let upgrade = hyper::upgrade::on(&mut request);
    let line = format!("{} {}", request.method(), request.uri());
    let auth =
        request.headers().get("x-registry-auth").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut note = Note { line, auth, body: Err("the connection was torn".to_owned()), asked };
    let body = request.into_body().collect().await;
    note.body = body.map(|body| body.to_bytes().to_vec()).map_err(|error| error.to_string());
    let one = note.take();
    drop(note);
    let head = Response::builder().header("api-version", api);
    let response = match script(one).await {
        Answer::Text(status, text) => head.status(status).body(full(text)),
        Answer::Never => std::future::pending().await,
        Answer::Pieces(pieces, torn) => {
            let pieces = pieces.into_iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece))));
            let end = torn.then(|| Err(std::io::Error::other("torn")));
            let body = StreamBody::new(stream::iter(pieces.chain(end)).then(|piece| async {
                // Each piece leaves before the next one, as on a slow wire.
                tokio::task::yield_now().await;
                piece
            }));
            head.body(BodyExt::boxed(body))
        }
        Answer::SayFrame(text) => {
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut io = TokioIo::new(upgrade.await.expect("upgraded"));
                let _ = io.read_u8().await.expect("something comes");
                let length = u32::try_from(text.len()).expect("short").to_be_bytes();
                let frame = [&[1, 0, 0, 0][..], &length, text.as_bytes()].concat();
                io.write_all(&frame).await.expect("the other half is open");
                io.shutdown().await.expect("closed");
            });
            head.status(101)
                .header("connection", "Upgrade")
                .header("upgrade", "tcp")
                .body(full(String::new()))
        }
        Answer::EchoFrames => {
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut io = TokioIo::new(upgrade.await.expect("upgraded"));
                let mut came = Vec::new();
                io.read_to_end(&mut came).await.expect("read to the half-close");
                let length = u32::try_from(came.len()).expect("short").to_be_bytes();
                let mut frame = [&[1, 0, 0, 0][..], &length, &came].concat();
                frame.extend([2, 0, 0, 0, 0, 0, 0, 3]);
                frame.extend(b"end");
                for byte in frame.chunks(3) {
                    io.write_all(byte).await.expect("the other half is open");
                    io.flush().await.expect("the other half is open");
                }
                io.shutdown().await.expect("closed");
            });
            head.status(101)
                .header("connection", "Upgrade")
                .header("upgrade", "tcp")
                .body(full(String::new()))
        }
    };
    Ok(response.expect("a constant head"))
}
