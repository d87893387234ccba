//! The HTTP client of one engine: connections, their pool, and the API version in every path.
//!
//! bollard 0.21 sends paths without a version, so that each engine would answer in the shapes of its newest one;
//! here each request gets `/v1.NN`, with NN the lesser of the engine's and ours.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bytes::Bytes;
use futures_util::Stream;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::http::uri::{PathAndQuery, Uri};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OnceCell;

use super::connect::Connector;
use super::dialled::DialError;
use super::error::NoAnswer;
use crate::engine::limits::Limits;
use crate::engine::passing;
use crate::engine::retries;

/// bollard's request body (a type that it does not export by name).
pub(super) type Body =
    Either<Full<Bytes>, StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, io::Error>> + Send>>>>;

/// A minor version of API 1.
pub(super) type ApiMinor = u32;

/// The newest API whose shapes are known here: bollard 0.21's.
const OURS: ApiMinor = 53;

/// What an engine is taken for that does not say: the oldest that is supported.
const OLDEST: ApiMinor = 41;

/// An idle connection to an inner engine keeps a process alive in its node (27 MB, ENGINES 10).
const IDLE_TUNNELS: usize = 2;
const IDLE_CONNECTIONS: usize = 8;
const IDLE: Duration = Duration::from_secs(20);

/// Most that one connection holds in each direction, in bytes. hyper's own limit (417 KB) is reached by every
/// stream of an image, and a run may have one to each of many nodes. The head of an answer must fit.
const BUFFER: usize = 64 * 1024;

/// How often a connection that did not come about is tried again.
const DIALS: usize = 3;

/// The failure of a request: of the connection, or of finding out the version.
pub(super) type SendError = NoAnswer;

/// One engine's client.
pub(super) struct Transport {
    is_tunnel: bool,
    client: Client<Connector, Body>,
    version: OnceCell<ApiMinor>,
    /// How long this engine may take.
    pub(super) limits: Limits,
}

impl Transport {
    pub(super) fn new(connector: Connector, limits: Limits) -> Arc<Self> {
        let is_tunnel = connector.is_tunnel();
        let idle = if is_tunnel { IDLE_TUNNELS } else { IDLE_CONNECTIONS };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle)
            .http1_max_buf_size(BUFFER)
            .build(connector);
        Arc::new(Self { is_tunnel, client, version: OnceCell::new(), limits })
    }

    /// Whether a connection costs a process elsewhere.
    pub(super) fn is_tunnel(&self) -> bool {
        self.is_tunnel
    }

    /// The API version that is spoken; asks the engine at the first use.
    pub(super) async fn version(&self) -> Result<ApiMinor, SendError> {
        self.version
            .get_or_try_init(|| async {
                let response = self.request(ping_request()).await?;
                let version = version_of(&response);
                // Read to the end, so that the connection serves the next request.
                drop(response.into_body().collect().await);
                Ok(version)
            })
            .await
            .copied()
    }

    /// Whether the engine answers. Its version comes with the answer.
    pub(super) async fn ping(&self) -> Result<(u16, Bytes), SendError> {
        let response = self.request(ping_request()).await?;
        let status = response.status();
        if status.is_success() {
            // An error means that the version is known already.
            drop(self.version.set(version_of(&response)));
        }
        let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
        Ok((status.as_u16(), body.unwrap_or_default()))
    }

    /// Sends a request whose path has no version.
    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        let minor = self.version().await?;
        *request.uri_mut() = versioned(request.uri(), minor);
        self.request(request).await
    }

    /// Sends a request, and sends it again where it cannot have come anywhere: the program that was to carry it did not
    /// start, for a reason that passes.
    async fn request(&self, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        let mut attempt = 1;
        loop {
            let (this, next) = twice(request);
            let error = match self.client.request(this).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let dial = DialError::in_chain(&error).filter(|dial| attempt <= DIALS && dial.passes());
            let pause = dial.and_then(|dial| Some((dial, passing::pause(attempt)?)));
            let (Some((dial, pause)), Some(again)) = (pause, next) else { return Err(NoAnswer(error)) };
            // Told before the pause: it may be long.
            retries::tell(&dial.to_string(), pause);
            tokio::time::sleep(pause).await;
            (request, attempt) = (again, attempt + 1);
        }
    }
}

/// A request, and another like it; `None` where the body is a stream, which can be sent once.
fn twice(request: Request<Body>) -> (Request<Body>, Option<Request<Body>>) {
    let (head, body) = request.into_parts();
    let again = match &body {
        Either::Left(whole) => Some(Request::from_parts(head.clone(), Either::Left(whole.clone()))),
        Either::Right(_) => None,
    };
    (Request::from_parts(head, body), again)
}

fn ping_request() -> Request<Body> {
    Request::get("http://docker/_ping")
        .body(Either::Left(Full::default()))
        .expect("a constant request is well formed")
}

/// Every engine says its newest API in the head of each answer.
fn version_of(response: &Response<Incoming>) -> ApiMinor {
    let newest = response
        .headers()
        .get("api-version")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("1."))
        .and_then(|minor| minor.split('.').next()?.parse::<ApiMinor>().ok());
    newest.map_or(OLDEST, |minor| minor.min(OURS))
}

fn versioned(uri: &Uri, minor: ApiMinor) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut parts = uri.clone().into_parts();
    // The path was a path before, and digits cannot break it.
    parts.path_and_query = PathAndQuery::try_from(format!("/v1.{minor}{path}")).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// bollard's client over this one. `limit` is bollard's own, in seconds.
pub(super) fn bollard_over(transport: &Arc<Transport>, limit: u64) -> Docker {
    let transport = Arc::clone(transport);
    let request = move |request: Request<Body>| {
        let transport = Arc::clone(&transport);
        async move {
            transport
                .send(request)
                .await
                .map_err(|error| bollard::errors::Error::from(io::Error::other(error)))
        }
    };
    Docker::connect_with_custom_transport(request, Some("http://docker"), limit, bollard::API_DEFAULT_VERSION)
        .expect("a constant address is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_goes_before_the_path_and_the_query_stays() {
        let uri = versioned(&Uri::from_static("http://docker/images/get?names=a%2Fb"), 41);
        assert_eq!(uri.to_string(), "http://docker/v1.41/images/get?names=a%2Fb");
    }
}
