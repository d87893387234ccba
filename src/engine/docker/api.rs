//! Raw requests on an engine's client, for what bollard 0.21 cannot do (upgrades whose framing is known, streams
//! whose head has been seen, `platform` at save) or decodes too strictly (one unknown word in a list of podman's
//! fails the whole list).

use std::fmt::Write as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::Call;
use super::transport::{Body, Transport};
use crate::engine::error::EngineError;

/// A request to be sent.
pub(super) struct Raw {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

/// Writes what may not stand in a URL as `%XX`.
fn encode(into: &mut String, text: &str, plain: fn(u8) -> bool) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || plain(byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

impl Raw {
    /// `path` is made of what is between the slashes; image references keep theirs.
    pub(super) fn new(method: Method, path: &[&str]) -> Self {
        let mut out = String::new();
        for part in path {
            out.push('/');
            encode(&mut out, part, |byte| b"/:@".contains(&byte));
        }
        Self { method, path: out, headers: Vec::new(), body: Either::Left(Full::default()) }
    }

    pub(super) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) fn query(mut self, key: &str, value: &str) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        encode(&mut self.path, key, |_| false);
        self.path.push('=');
        encode(&mut self.path, value, |_| false);
        self
    }

    pub(super) fn maybe(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Either::Left(Full::new(Bytes::from(body.to_string())));
        self.header(CONTENT_TYPE.as_str(), "application/json")
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sends it and waits for the head of a good answer.
    pub(super) async fn send(
        self,
        transport: &Transport,
        call: &Call,
    ) -> Result<Response<Incoming>, EngineError> {
        let mut request = Request::builder().method(self.method).uri(format!("http://docker{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(self.body).map_err(|error| call.nonsense(error))?;
        let response = transport.send(request).await.map_err(|error| call.unreachable(error))?;
        let status = response.status();
        if status.is_success() || matches!(status, StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS)
        {
            return Ok(response);
        }
        let body = read(response, call).await?;
        Err(call.refused(status.as_u16(), &message_of(&body)))
    }

    /// Sends it and reads the whole answer.
    pub(super) async fn fetch<T: DeserializeOwned>(
        self,
        transport: &Transport,
        call: &Call,
    ) -> Result<T, EngineError> {
        self.fetch_with_head(transport, call).await.map(|(_, answer)| answer)
    }

    /// As [`Self::fetch`], with the head of the answer.
    pub(super) async fn fetch_with_head<T: DeserializeOwned>(
        self,
        transport: &Transport,
        call: &Call,
    ) -> Result<(HeaderMap, T), EngineError> {
        within(call, Some(transport.limits.call), async {
            let response = self.send(transport, call).await?;
            let head = response.headers().clone();
            let body = read(response, call).await?;
            Ok((head, serde_json::from_slice(&body).map_err(|error| call.nonsense(error))?))
        })
        .await
    }
}

/// Ends a call that has not come back in time.
pub(super) async fn within<T>(
    call: &Call,
    limit: Option<Duration>,
    future: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    match limit {
        None => future.await,
        Some(limit) => tokio::time::timeout(limit, future)
            .await
            .unwrap_or_else(|_| Err(call.timeout("the engine has not answered", limit))),
    }
}

async fn read(response: Response<Incoming>, call: &Call) -> Result<Bytes, EngineError> {
    let body = response.into_body().collect().await.map_err(|error| call.unreachable(error))?;
    Ok(body.to_bytes())
}

/// The `message` of an engine's error; engines behind a proxy answer with text.
fn message_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    serde_json::from_slice::<Said>(body)
        .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |said| said.message)
}

/// The bytes of an answer as they come. `silence` bounds the wait for each piece; it counts only while somebody
/// asks for one.
pub(super) fn bytes_of(
    response: Response<Incoming>,
    call: Call,
    silence: Option<Duration>,
) -> BoxStream<'static, Result<Bytes, EngineError>> {
    let body = response.into_body();
    stream::unfold(Some((body, call)), move |state| async move {
        let (mut body, call) = state?;
        loop {
            let frame = body.frame();
            let frame = match silence {
                None => frame.await,
                Some(limit) => match tokio::time::timeout(limit, frame).await {
                    Ok(frame) => frame,
                    Err(_) => return Some((Err(call.timeout("the engine has sent nothing", limit)), None)),
                },
            };
            match frame {
                None => return None,
                Some(Err(error)) => return Some((Err(call.unreachable(error)), None)),
                // Trailers are no data.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Some((Ok(data), Some((body, call))));
                    }
                }
            }
        }
    })
    .boxed()
}

/// JSON values one after the other, as in progress and events, with or without line ends between them.
pub(super) fn values_of<T: DeserializeOwned + Send + 'static>(
    bytes: BoxStream<'static, Result<Bytes, EngineError>>,
    call: Call,
) -> BoxStream<'static, Result<T, EngineError>> {
    let state = Some((bytes, BytesMut::new(), call));
    stream::unfold(state, |state| async move {
        let (mut bytes, mut buffer, call) = state?;
        loop {
            match take_value(&mut buffer) {
                Ok(Some(value)) => return Some((Ok(value), Some((bytes, buffer, call)))),
                Ok(None) => {}
                Err(error) => return Some((Err(call.nonsense(error)), None)),
            }
            match bytes.next().await {
                Some(Ok(more)) => buffer.extend_from_slice(&more),
                Some(Err(error)) => return Some((Err(error), None)),
                None if buffer.iter().all(u8::is_ascii_whitespace) => return None,
                None => return Some((Err(call.unreachable("the answer ended within a value")), None)),
            }
        }
    })
    .boxed()
}

fn take_value<T: DeserializeOwned>(buffer: &mut BytesMut) -> Result<Option<T>, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_slice(buffer).into_iter::<T>();
    match values.next() {
        Some(Ok(value)) => {
            let used = values.byte_offset();
            drop(buffer.split_to(used));
            Ok(Some(value))
        }
        Some(Err(error)) if error.is_eof() => Ok(None),
        Some(Err(error)) => Err(error),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_place_in_the_url() {
        let raw = Raw::get(&["images", "r.io:5000/a/b:1", "json"]).query("names", "a/b?c=d&e f");
        assert_eq!(raw.path, "/images/r.io:5000/a/b:1/json?names=a%2Fb%3Fc%3Dd%26e%20f");
        assert_eq!(Raw::get(&["containers", "x?force=1#"]).path, "/containers/x%3Fforce%3D1%23");
    }

    #[tokio::test]
    async fn values_are_found_wherever_the_stream_is_cut() {
        let text = b"{\"a\":1}\r\n{\"a\":22} {\"a\":3}\n";
        for cut in 1..text.len() {
            let (a, b) = text.split_at(cut);
            let pieces = [a, b].map(|piece| Ok(Bytes::copy_from_slice(piece)));
            let call = Call::new("read", "");
            let values: Vec<serde_json::Value> = values_of(stream::iter(pieces).boxed(), call)
                .map(|value| value.expect("a value"))
                .collect()
                .await;
            assert_eq!(values.len(), 3, "cut at {cut}");
            assert_eq!(values[1]["a"], 22);
        }
    }

    #[tokio::test]
    async fn a_value_cut_off_is_an_error() {
        let pieces = [Ok(Bytes::from_static(b"{\"a\":1}{\"a\":"))];
        let found: Vec<Result<serde_json::Value, _>> =
            values_of(stream::iter(pieces).boxed(), Call::new("read", "")).collect().await;
        assert!(found[0].is_ok());
        assert!(found[1].is_err());
        assert_eq!(found.len(), 2);
    }
}
