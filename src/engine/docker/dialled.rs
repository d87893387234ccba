//! A connection that a program carries, and the error that says what the program had to say.
//!
//! Such a program (`docker system dial-stdio` by ssh or by exec) reports a failure as text on its standard error,
//! or, when it could not even be started, as text where HTTP is expected. Without this file both would read as
//! `connection closed before message completed`.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::passing;

/// Longest text of a dial program that is kept, in bytes.
pub(super) const SAID_LIMIT: usize = 4096;

/// A dial that failed.
#[derive(Debug)]
pub(super) struct DialError {
    /// What was dialled or run.
    pub(super) what: String,
    /// What the program wrote.
    pub(super) said: String,
    /// How the program ended.
    pub(super) exit_code: Option<i64>,
    /// The failure beneath, where there was no program.
    pub(super) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl DialError {
    pub(super) fn new(what: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { what: what.into(), said: String::new(), exit_code: None, source: Some(source.into()) }
    }
}

/// How the engines of moby and podman begin when a program could not be started in a container.
const NOT_STARTED: &str = "OCI runtime exec failed";

impl DialError {
    /// The dial error beneath another error. An `io::Error` tells what it carries, and leaves it out of its chain.
    pub(super) fn in_chain<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut at = Some(error);
        while let Some(error) = at {
            let carried = error.downcast_ref::<io::Error>().and_then(|io| io.get_ref()?.downcast_ref());
            if let Some(found) = error.downcast_ref().or(carried) {
                return Some(found);
            }
            at = error.source();
        }
        None
    }

    /// Whether the program was not even started, for a reason that passes: nothing was carried anywhere.
    pub(super) fn passes(&self) -> bool {
        self.said.contains(NOT_STARTED) && passing::passes(&self.said)
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to dial {}", self.what)?;
        if let Some(code) = self.exit_code {
            write!(f, " (exit code {code})")?;
        }
        if !self.said.is_empty() {
            write!(f, ": {}", self.said)?;
        }
        Ok(())
    }
}

impl StdError for DialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// A carrier that can be asked why it ended.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {
    /// Why the carrier ended without a byte of HTTP. `said` is what came in its place.
    fn why_ended(&mut self, said: String) -> BoxFuture<'static, DialError>;
}

/// A carrier of HTTP that turns a silent end at its beginning into a [`DialError`].
pub(super) struct Dialled<C> {
    carrier: C,
    phase: Phase,
    /// Writing failed before anything was read: what is read will say why.
    deaf: bool,
}

enum Phase {
    /// So many bytes of `HTTP/` have come.
    Fresh(usize),
    /// It is HTTP: bytes pass.
    Talking,
    /// It is something else, kept until the end.
    Babbling(Vec<u8>),
    /// It ended; the reason is being found out.
    Ending(BoxFuture<'static, DialError>),
}

const GREETING: &[u8] = b"HTTP/";

impl<C: Carrier> Dialled<C> {
    pub(super) fn new(carrier: C) -> Self {
        Self { carrier, phase: Phase::Fresh(0), deaf: false }
    }

    fn end(&mut self, said: &[u8]) {
        let said = String::from_utf8_lossy(said).trim().to_owned();
        self.phase = Phase::Ending(self.carrier.why_ended(said));
    }
}

impl<C: Carrier> AsyncRead for Dialled<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.phase {
                Phase::Talking => return Pin::new(&mut this.carrier).poll_read(cx, buf),
                Phase::Ending(why) => {
                    return Poll::Ready(Err(io::Error::other(ready!(why.as_mut().poll(cx)))));
                }
                Phase::Fresh(matched) => {
                    let before = buf.filled().len();
                    ready!(Pin::new(&mut this.carrier).poll_read(cx, buf))?;
                    let came = &buf.filled()[before..];
                    if came.is_empty() {
                        let said = GREETING[..*matched].to_vec();
                        this.end(&said);
                        continue;
                    }
                    let n = came.len().min(GREETING.len() - *matched);
                    if came[..n] == GREETING[*matched..*matched + n] {
                        *matched += n;
                        if *matched == GREETING.len() {
                            this.phase = Phase::Talking;
                        }
                        return Poll::Ready(Ok(()));
                    }
                    let mut said = GREETING[..*matched].to_vec();
                    said.extend_from_slice(came);
                    buf.set_filled(before);
                    this.phase = Phase::Babbling(said);
                }
                Phase::Babbling(said) => {
                    let mut chunk = [0; 512];
                    let mut chunk = ReadBuf::new(&mut chunk);
                    let ended = match ready!(Pin::new(&mut this.carrier).poll_read(cx, &mut chunk)) {
                        Ok(()) => chunk.filled().is_empty(),
                        Err(_) => true,
                    };
                    said.extend_from_slice(chunk.filled());
                    if ended || said.len() >= SAID_LIMIT {
                        let said = std::mem::take(said);
                        this.end(&said);
                    }
                }
            }
        }
    }
}

impl<C: Carrier> Dialled<C> {
    /// Hides a failure to write as long as reading may still say why.
    fn heard<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(_) if !matches!(self.phase, Phase::Talking) => {
                self.deaf = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<C: Carrier> AsyncWrite for Dialled<C> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.deaf {
            return Poll::Ready(Ok(buf.len()));
        }
        let result = ready!(Pin::new(&mut this.carrier).poll_write(cx, buf));
        Poll::Ready(this.heard(result, buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.deaf {
            return Poll::Ready(Ok(()));
        }
        let result = ready!(Pin::new(&mut this.carrier).poll_flush(cx));
        Poll::Ready(this.heard(result, ()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().carrier).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    struct Program(DuplexStream);

    impl AsyncRead for Program {
        fn poll_read(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Program {
        fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
        }
        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.get_mut().0).poll_flush(cx)
        }
        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
        }
    }

    impl Carrier for Program {
        fn why_ended(&mut self, said: String) -> BoxFuture<'static, DialError> {
            let error = DialError { what: "x".into(), said, exit_code: Some(127), source: None };
            Box::pin(std::future::ready(error))
        }
    }

    async fn read_all(written: &[&[u8]]) -> Result<Vec<u8>, String> {
        let (near, mut far) = tokio::io::duplex(1024);
        let mut dialled = Dialled::new(Program(near));
        let mut out = Vec::new();
        for bytes in written {
            far.write_all(bytes).await.expect("room in the pipe");
            // One read a piece: what the program writes is cut as it is on a real wire.
            let mut piece = [0; 64];
            if bytes.starts_with(b"H") || !out.is_empty() {
                let n = dialled.read(&mut piece).await.map_err(|e| e.to_string())?;
                out.extend_from_slice(&piece[..n]);
            }
        }
        drop(far);
        dialled.read_to_end(&mut out).await.map_err(|e| e.to_string())?;
        Ok(out)
    }

    #[tokio::test]
    async fn http_passes_however_it_is_cut() {
        assert_eq!(read_all(&[b"HT", b"TP/1.1 200", b" OK"]).await.expect("http"), b"HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn text_in_place_of_http_is_the_error() {
        let error = read_all(&[b"OCI runtime exec failed: no docker\r\n"]).await.expect_err("not http");
        assert_eq!(error, "failed to dial x (exit code 127): OCI runtime exec failed: no docker");
    }

    #[tokio::test]
    async fn an_end_without_a_byte_is_an_error_and_one_after_http_is_not() {
        assert_eq!(read_all(&[]).await.expect_err("silent"), "failed to dial x (exit code 127)");
        assert_eq!(read_all(&[b"HTTP/1.1"]).await.expect("http"), b"HTTP/1.1");
    }

    #[tokio::test]
    async fn a_failed_write_waits_for_the_reason() {
        let (near, far) = tokio::io::duplex(1024);
        drop(far);
        let mut dialled = Dialled::new(Program(near));
        dialled.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("the reason is told by the reading side");
        let error = dialled.read_u8().await.expect_err("the program is gone");
        assert_eq!(error.to_string(), "failed to dial x (exit code 127)");
    }
}
