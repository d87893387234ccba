//! gRPC over HTTP/2 (its `doc/PROTOCOL-HTTP2.md`), as much as builds need: calls with one message and an answer of
//! one or many, and serving calls of both directions.

use std::fmt;
use std::future::poll_fn;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use hyper::http::{HeaderMap, HeaderValue, Method, Request, Response};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use super::blame;

/// Bytes on their way, a stream and a connection. The default of 64 KiB is slow through several engines.
pub(super) const STREAM_WINDOW: u32 = 1 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 4 << 20;
/// A message larger than this is none: an instruction's output comes in pieces.
const LONGEST: usize = 64 << 20;

/// Codes of gRPC that are used here.
pub(super) const UNKNOWN: u32 = 2;
pub(super) const NOT_FOUND: u32 = 5;
pub(super) const UNIMPLEMENTED: u32 = 12;
pub(super) const INTERNAL: u32 = 13;
pub(super) const UNAVAILABLE: u32 = 14;

/// How a call ended that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: u32,
    pub(super) message: String,
}

impl Status {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            write!(f, "the engine's builder failed with code {}", self.code)
        } else {
            f.write_str(&self.message)
        }
    }
}

impl std::error::Error for Status {}

impl From<h2::Error> for Status {
    fn from(error: h2::Error) -> Self {
        Self::new(UNAVAILABLE, format!("the connection to the builder broke: {error}"))
    }
}

/// A task that ends when nobody holds it any more.
pub(super) struct Held(JoinHandle<()>);

impl Held {
    pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection on which calls are made.
pub(super) struct Channel {
    requests: SendRequest<Bytes>,
    _connection: Held,
}

impl Channel {
    pub(super) async fn over(
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Self, Status> {
        let (requests, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(io)
            .await?;
        // How the connection ends is seen by each call on it.
        let connection = Held::spawn(async move { drop(connection.await) });
        Ok(Self { requests, _connection: connection })
    }

    /// Makes a call with one message, and with `head` beside it; the answers are read from what it returns.
    pub(super) async fn call(
        &self,
        path: &str,
        message: &impl Message,
        head: &[(&str, &str)],
    ) -> Result<Answers, Status> {
        let mut requests = self.requests.clone().ready().await?;
        let mut request = Request::builder();
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let request = request
            .method(Method::POST)
            .uri(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .map_err(|error| Status::new(INTERNAL, error.to_string()))?;
        let (response, mut stream) = requests.send_request(request, false)?;
        send_all(&mut stream, framed(message)).await?;
        stream.send_data(Bytes::new(), true)?;
        let (head, body) = response.await?.into_parts();
        // A call that fails at once has its trailers in the head.
        if let Some(failed) = status_of(&head.headers)? {
            return Err(failed);
        }
        if !head.status.is_success() {
            return Err(Status::new(
                UNAVAILABLE,
                format!("the builder answered with status {}", head.status),
            ));
        }
        Ok(Answers(Messages::new(body)))
    }

    /// A call with one answer.
    pub(super) async fn ask<T: Message + Default>(
        &self,
        path: &str,
        message: &impl Message,
        head: &[(&str, &str)],
    ) -> Result<T, Status> {
        let mut answers = self.call(path, message, head).await?;
        let first = answers.next::<T>().await?;
        while answers.next::<T>().await?.is_some() {}
        first.ok_or_else(|| Status::new(INTERNAL, "the builder gave no answer"))
    }
}

/// Answers of a call.
pub(super) struct Answers(Messages);

impl Answers {
    /// The next one; `None` when the call has ended well.
    pub(super) async fn next<T: Message + Default>(&mut self) -> Result<Option<T>, Status> {
        if let Some(message) = self.0.next().await? {
            return Ok(Some(message));
        }
        let trailers = self.0.stream.trailers().await?.unwrap_or_default();
        match status_of(&trailers)? {
            Some(failed) => Err(failed),
            None => Ok(None),
        }
    }
}

/// The verdict in a head or in trailers; `None` when there is none, or a good one.
fn status_of(headers: &HeaderMap) -> Result<Option<Status>, Status> {
    let Some(code) = headers.get("grpc-status") else { return Ok(None) };
    let code: u32 = code
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Status::new(INTERNAL, "the builder's verdict cannot be read"))?;
    let mut message =
        headers.get("grpc-message").map(|text| unescape(text.as_bytes(), false)).unwrap_or_default();
    if let Some(place) = blame::place(headers) {
        message = format!("{place}: {message}");
    }
    Ok((code != 0).then_some(Status { code, message }))
}

/// Messages of one direction of a call.
pub(super) struct Messages {
    stream: RecvStream,
    buffer: BytesMut,
}

impl Messages {
    pub(super) fn new(stream: RecvStream) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// The next message; `None` at the end of the direction.
    pub(super) async fn next<T: Message + Default>(&mut self) -> Result<Option<T>, Status> {
        loop {
            if let Some(message) = take_message(&mut self.buffer)? {
                return T::decode(message)
                    .map(Some)
                    .map_err(|error| Status::new(INTERNAL, format!("a message cannot be read: {error}")));
            }
            match self.stream.data().await {
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(Status::new(UNAVAILABLE, "the builder's answer ended within a message")),
                Some(piece) => {
                    let piece = piece?;
                    self.stream.flow_control().release_capacity(piece.len())?;
                    self.buffer.extend_from_slice(&piece);
                }
            }
        }
    }
}

fn take_message(buffer: &mut BytesMut) -> Result<Option<Bytes>, Status> {
    let Some(head) = buffer.get(..5) else { return Ok(None) };
    if head[0] != 0 {
        return Err(Status::new(UNIMPLEMENTED, "a compressed message was not asked for"));
    }
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > LONGEST {
        return Err(Status::new(INTERNAL, format!("a message of {length} bytes")));
    }
    if buffer.len() < 5 + length {
        return Ok(None);
    }
    buffer.advance(5);
    Ok(Some(buffer.split_to(length).freeze()))
}

/// A message with its length before it.
pub(super) fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut out = BytesMut::with_capacity(5 + length);
    out.put_u8(0);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    // The buffer grows: it cannot be too small.
    let _ = message.encode(&mut out);
    out.freeze()
}

/// Sends bytes as fast as the other side takes them.
pub(super) async fn send_all(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<(), Status> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let room = poll_fn(|context| stream.poll_capacity(context)).await;
        let room = room.ok_or_else(|| Status::new(UNAVAILABLE, "the builder closed the stream"))??;
        if room > 0 {
            let piece = bytes.split_to(room.min(bytes.len()));
            stream.send_data(piece, false)?;
        }
    }
    Ok(())
}

/// The answering side of a call that is served.
pub(super) struct Reply {
    stream: SendStream<Bytes>,
}

impl Reply {
    pub(super) fn begin(mut respond: SendResponse<Bytes>) -> Result<Self, Status> {
        let head = Response::builder()
            .header("content-type", "application/grpc")
            .body(())
            .map_err(|error| Status::new(INTERNAL, error.to_string()))?;
        Ok(Self { stream: respond.send_response(head, false)? })
    }

    pub(super) async fn send(&mut self, message: &impl Message) -> Result<(), Status> {
        send_all(&mut self.stream, framed(message)).await
    }

    /// Says how the call went.
    pub(super) fn end(mut self, outcome: Result<(), Status>) {
        let mut trailers = HeaderMap::new();
        let status = outcome.err().unwrap_or(Status { code: 0, message: String::new() });
        trailers.insert("grpc-status", HeaderValue::from(status.code));
        if let Ok(message) = HeaderValue::from_str(&escape(&status.message)) {
            trailers.insert("grpc-message", message);
        }
        // The other side may have gone: then nobody asks.
        drop(self.stream.send_trailers(trailers));
    }
}

/// `%XX` for what is not printable ASCII.
fn escape(text: &str) -> String {
    use fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if (0x20..0x7f).contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text of `%XX`; in queries `+` is a space.
pub(super) fn unescape(text: &[u8], query: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = || {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            u8::from_str_radix(digits, 16).ok()
        };
        match byte {
            b'%' if hex().is_some() => {
                out.push(hex().unwrap_or_default());
                rest = &after[2..];
                continue;
            }
            b'+' if query => out.push(b' '),
            other => out.push(other),
        }
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::docker::build::message::StatusRequest;

    #[test]
    fn a_message_is_found_wherever_the_stream_is_cut() {
        let whole = framed(&StatusRequest { reference: "abc".to_owned() });
        for cut in 0..whole.len() {
            let mut buffer = BytesMut::from(&whole[..cut]);
            assert_eq!(take_message(&mut buffer), Ok(None), "cut at {cut}");
            buffer.extend_from_slice(&whole[cut..]);
            let message = take_message(&mut buffer).expect("good").expect("whole");
            assert_eq!(StatusRequest::decode(message).expect("a message").reference, "abc");
        }
    }

    #[test]
    fn texts_in_trailers_are_escaped_and_come_back() {
        let text = "exit code: 1\n100 % ü";
        assert_eq!(unescape(escape(text).as_bytes(), false), text);
        assert_eq!(unescape(b"a+b%2Fc", true), "a b/c");
    }
}
