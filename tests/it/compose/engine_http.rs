//! The test engine by its HTTP API, raw: what it reports is compared whole, so no type of ours may stand between.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use serde_json::Value;

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

fn connect(host: &str) -> Box<dyn Stream> {
    if let Some(path) = host.strip_prefix("unix://") {
        return Box::new(UnixStream::connect(path).expect("the engine's socket"));
    }
    let address = host.strip_prefix("tcp://").expect("unix:// or tcp://");
    Box::new(TcpStream::connect(address).expect("the engine's address"))
}

/// One request; the status and the body.
pub(super) fn request(host: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
    let mut stream = connect(host);
    let body = body.map(Value::to_string).unwrap_or_default();
    // HTTP/1.0: the answer ends with the connection and is never chunked.
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: docker\r\n");
    let _ = write!(head, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).expect("the engine reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the engine answers");
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// What is at `path`, as JSON.
pub(super) fn get(host: &str, path: &str) -> Value {
    let (status, body) = request(host, "GET", path, None);
    assert_eq!(status, 200, "GET {path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// A list with a filter by label.
pub(super) fn labelled(host: &str, path: &str, label: &str) -> Value {
    let filters = format!(r#"{{"label":["{label}"]}}"#);
    let mut encoded = String::new();
    for byte in filters.bytes() {
        let _ = write!(encoded, "%{byte:02x}");
    }
    let mark = if path.contains('?') { '&' } else { '?' };
    get(host, &format!("{path}{mark}filters={encoded}"))
}
