//! A connection to an engine inside a container: an exec whose standard streams are the connection.
//!
//! It runs over the parent engine's own client, which may itself be one of these; nothing is published and no
//! certificate is needed. Standard error is kept apart: it is never part of the connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::dialled::{Carrier, DialError, SAID_LIMIT};
use super::engine::DockerEngine;
use super::exec::exec_exit_code;
use super::stream::Demux;
use crate::engine::engine::{ExecSpec, OutputKind};

/// How much is read at once. The engine writes frames of up to 32 KiB.
pub(super) const READ_SIZE: usize = 64 * 1024;
/// How much at first: most connections carry a few small answers, and a run has several to each node.
const FIRST_READ_SIZE: usize = 4 * 1024;

/// Longest wait for the exit code of a dial program that has ended.
const EXIT_CODE_LIMIT: Duration = Duration::from_secs(2);

/// How to open connections into one container.
pub(super) struct Tunnel {
    pub(super) parent: Arc<DockerEngine>,
    pub(super) container: String,
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) user: Option<String>,
}

impl Tunnel {
    fn what(&self) -> String {
        // Not the program: it is a script of many lines.
        format!("the engine in container `{}`", self.container)
    }

    pub(super) async fn open(self: Arc<Self>) -> Result<TunnelStream, DialError> {
        let spec = ExecSpec {
            argv: self.argv.clone(),
            env: self.env.clone(),
            user: self.user.clone(),
            stdin: true,
            ..ExecSpec::default()
        };
        let started = self
            .parent
            .start_exec(&self.container, &spec)
            .await
            .map_err(|error| DialError::new(self.what(), error))?;
        Ok(TunnelStream {
            tunnel: self,
            exec: started.id,
            io: started.io,
            demux: Demux::new(started.framing),
            input: BytesMut::new(),
            read_size: FIRST_READ_SIZE,
            output: Bytes::new(),
            stderr: Vec::new(),
        })
    }
}

/// An open connection. Dropping it closes the exec's standard input, at which the dial program ends.
pub(super) struct TunnelStream {
    tunnel: Arc<Tunnel>,
    exec: String,
    io: TokioIo<Upgraded>,
    demux: Demux,
    input: BytesMut,
    /// How much is read next: more after a read that left no room, less after one that needed little.
    read_size: usize,
    output: Bytes,
    stderr: Vec<u8>,
}

impl AsyncRead for TunnelStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.output.is_empty() {
                let n = this.output.len().min(buf.remaining());
                buf.put_slice(&this.output.split_to(n));
                return Poll::Ready(Ok(()));
            }
            match this.demux.next().map_err(io::Error::other)? {
                Some((OutputKind::Stdout, bytes)) => this.output = bytes,
                Some((OutputKind::Stderr, bytes)) => {
                    let room = SAID_LIMIT.saturating_sub(this.stderr.len()).min(bytes.len());
                    this.stderr.extend_from_slice(&bytes[..room]);
                }
                None => {
                    this.input.reserve(this.read_size);
                    // The future of `read_buf` keeps nothing between two polls.
                    let read = std::pin::pin!(this.io.read_buf(&mut this.input));
                    let n = ready!(read.poll(cx))?;
                    if n == 0 {
                        this.demux.finish().map_err(io::Error::other)?;
                        return Poll::Ready(Ok(()));
                    }
                    if n >= this.read_size {
                        this.read_size = READ_SIZE;
                    } else if n < FIRST_READ_SIZE {
                        this.read_size = FIRST_READ_SIZE;
                    }
                    this.demux.push(this.input.split().freeze());
                }
            }
        }
    }
}

impl AsyncWrite for TunnelStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Half-closes: the parent engine closes the exec's standard input, output goes on.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Carrier for TunnelStream {
    fn why_ended(&mut self, said: String) -> BoxFuture<'static, DialError> {
        let stderr = String::from_utf8_lossy(&self.stderr);
        let said = [stderr.trim(), said.as_str()].join("\n").trim().to_owned();
        let tunnel = Arc::clone(&self.tunnel);
        let exec = self.exec.clone();
        Box::pin(async move {
            let code =
                tokio::time::timeout(EXIT_CODE_LIMIT, exec_exit_code(&tunnel.parent.transport, &exec)).await;
            let exit_code = code.ok().and_then(Result::ok).flatten();
            DialError { what: tunnel.what(), said, exit_code, source: None }
        })
    }
}
