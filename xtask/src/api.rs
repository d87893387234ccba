//! The few calls of the Engine API that these commands need, over a plain socket.
//!
//! Not the nestctl crate's client: what makes the test engine must build and run when nestctl does not.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::shell::{Context as _, Error, Result};

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// An answer: its status and its body, as text.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What goes out with a request.
pub(crate) enum Body<'a> {
    None,
    Json(&'a str),
    /// A tar archive of unknown length, read while it is sent.
    Tar(&'a mut dyn Read),
}

/// Whether an engine at `host` is there and ready to serve.
pub(crate) fn answers(host: &str) -> bool {
    // An engine that listens already but does not serve yet accepts the request and says nothing.
    let limit = Some(Duration::from_secs(5));
    exchange(host, limit, "GET", "/_ping", Body::None).is_ok_and(|answer| answer.status == 200)
}

/// One request on its own connection. An answer that reports an error is an error.
pub(crate) fn request(host: &str, method: &str, path: &str, body: Body<'_>) -> Result<String> {
    let answer = call(host, method, path, body)?;
    // Calls that stream their progress report a failure in the stream, after the status.
    if answer.status < 400 && !answer.body.contains("\"errorDetail\"") {
        return Ok(answer.body);
    }
    Err(Error::new(format!("{method} {path} on {host}: {} {}", answer.status, answer.body.trim())))
}

/// One request on its own connection, whatever comes back.
pub(crate) fn call(host: &str, method: &str, path: &str, body: Body<'_>) -> Result<Answer> {
    exchange(host, None, method, path, body).context(format_args!("{method} {path} on {host}"))
}

fn exchange(
    host: &str,
    limit: Option<Duration>,
    method: &str,
    path: &str,
    body: Body<'_>,
) -> io::Result<Answer> {
    let mut stream = connect(host, limit)?;
    // HTTP/1.0 would forbid the chunked upload; closing after one answer keeps the reading simple.
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n");
    match body {
        Body::None => {
            head.push_str("\r\n");
            stream.write_all(head.as_bytes())?;
        }
        Body::Json(json) => {
            let length = json.len();
            let _ = write!(head, "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}");
            stream.write_all(head.as_bytes())?;
        }
        Body::Tar(tar) => {
            head.push_str("Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes())?;
            send_chunks(&mut stream, tar)?;
        }
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::Error::other("not an HTTP answer"))
}

/// `limit` is how long the peer may be silent; loading an image has none.
fn connect(host: &str, limit: Option<Duration>) -> io::Result<Box<dyn Stream>> {
    if let Some(path) = host.strip_prefix("unix://") {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(limit)?;
        return Ok(Box::new(stream));
    }
    if let Some(address) = host.strip_prefix("tcp://") {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(limit)?;
        return Ok(Box::new(stream));
    }
    Err(io::Error::other("only unix:// and tcp:// are supported here"))
}

fn send_chunks(stream: &mut dyn Stream, source: &mut dyn Read) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n = source.read(&mut buffer)?;
        // A chunk of length zero is the end of the body.
        write!(stream, "{n:x}\r\n")?;
        stream.write_all(&buffer[..n])?;
        stream.write_all(b"\r\n")?;
        if n == 0 {
            return stream.flush();
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &bytes[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") { join_chunks(body) } else { body.to_vec() };
    Some(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line_end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length =
            std::str::from_utf8(&rest[..line_end]).ok().and_then(|hex| usize::from_str_radix(hex, 16).ok());
        let start = line_end + 2;
        match length {
            Some(n) if n > 0 && rest.len() >= start + n + 2 => {
                body.extend_from_slice(&rest[start..start + n]);
                rest = &rest[start + n + 2..];
            }
            _ => break,
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn chunked_answer_is_joined() {
        let answer =
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                .expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (200, "abcde"));
    }

    #[test]
    fn plain_answer_keeps_its_body() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (404, "no"));
    }
}
