//! What answers on a port of this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Longest time that an answer may take: a port that swallows a request must fail the test, not hang it.
const LIMIT: Duration = Duration::from_secs(20);

/// The body that `GET path` has at 127.0.0.1:`port`, if it answers with 200.
pub(crate) fn get(port: u16, path: &str) -> Result<String, String> {
    let answer = talk(port, &format!("GET {path} HTTP/1.0\r\nHost: lab\r\n\r\n"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no head: {answer:?}"))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" { Ok(body.to_owned()) } else { Err(format!("status {status}: {body}")) }
}

/// The first line that a server on 127.0.0.1:`port` says by itself.
pub(crate) fn greeting(port: u16) -> Result<String, String> {
    let mut stream = connect(port)?;
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).map_err(|error| error.to_string())? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(LIMIT)).expect("a limit above zero");
    Ok(stream)
}

fn talk(port: u16, request: &str) -> Result<String, String> {
    let mut stream = connect(port)?;
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer)
}
