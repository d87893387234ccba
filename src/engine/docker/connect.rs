//! One connection to an engine.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::http::uri::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{EngineAddress, SshAddress, TlsFiles};
use super::dialled::{Carrier, DialError, Dialled, SAID_LIMIT};
use super::tunnel::Tunnel;

/// Longest wait for TCP and TLS to stand. (ssh has its own, and a tunnel waits as long as its parent.)
const DIAL_LIMIT: Duration = Duration::from_secs(30);

/// Longest wait for the end of a program whose output has ended.
const END_LIMIT: Duration = Duration::from_secs(2);

/// Makes connections.
#[derive(Clone)]
pub(super) enum Connector {
    Unix(Arc<PathBuf>),
    Tcp { host: Arc<str>, port: u16 },
    Tls { host: Arc<str>, port: u16, config: Arc<ClientConfig> },
    Ssh(Arc<SshAddress>),
    Exec(Arc<Tunnel>),
}

impl Connector {
    /// Reads the certificates of an address with TLS; the others cannot fail here.
    pub(super) fn new(address: &EngineAddress) -> Result<Self, DialError> {
        Ok(match address {
            EngineAddress::Unix(path) => Self::Unix(Arc::new(path.clone())),
            EngineAddress::Tcp { host, port } => Self::Tcp { host: host.as_str().into(), port: *port },
            EngineAddress::Tls { host, port, files } => {
                let config =
                    tls_config(files).map_err(|reason| DialError::new(address.to_string(), reason))?;
                Self::Tls { host: host.as_str().into(), port: *port, config: Arc::new(config) }
            }
            EngineAddress::Ssh(ssh) => Self::Ssh(Arc::new(ssh.clone())),
        })
    }

    /// Whether a connection costs a process elsewhere.
    pub(super) fn is_tunnel(&self) -> bool {
        matches!(self, Self::Ssh(_) | Self::Exec(_))
    }

    async fn dial(self) -> Result<Wire, DialError> {
        Ok(match self {
            Self::Unix(path) => {
                let what = || format!("unix://{}", path.display());
                Wire::new(UnixStream::connect(path.as_path()).await.map_err(|e| DialError::new(what(), e))?)
            }
            Self::Tcp { host, port } => Wire::new(dial_tcp(&host, port).await?),
            Self::Tls { host, port, config } => {
                let what = || format!("tcp://{host}:{port}");
                let tcp = dial_tcp(&host, port).await?;
                let name = ServerName::try_from(host.to_string()).map_err(|e| DialError::new(what(), e))?;
                let handshake = TlsConnector::from(config).connect(name, tcp);
                let tls = tokio::time::timeout(DIAL_LIMIT, handshake)
                    .await
                    .map_err(|_| DialError::new(what(), "no TLS handshake"))?
                    .map_err(|e| DialError::new(what(), e))?;
                Wire::new(tls)
            }
            Self::Ssh(ssh) => Wire::new(Dialled::new(SshProgram::start(&ssh)?)),
            Self::Exec(tunnel) => Wire::new(Dialled::new(tunnel.open().await?)),
        })
    }
}

async fn dial_tcp(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let what = || format!("tcp://{host}:{port}");
    let tcp = tokio::time::timeout(DIAL_LIMIT, TcpStream::connect((host, port)))
        .await
        .map_err(|_| DialError::new(what(), "no answer"))?
        .map_err(|e| DialError::new(what(), e))?;
    tcp.set_nodelay(true).map_err(|e| DialError::new(what(), e))?;
    Ok(tcp)
}

fn tls_config(files: &TlsFiles) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&files.ca) {
        roots.add(certificate.map_err(|e| format!("ca.pem: {e}"))?).map_err(|e| format!("ca.pem: {e}"))?;
    }
    if roots.is_empty() {
        return Err("ca.pem holds no certificate".into());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(match &files.identity {
        None => builder.with_no_client_auth(),
        Some((certificates, key)) => {
            let certificates = CertificateDer::pem_slice_iter(certificates)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| format!("cert.pem: {e}"))?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| format!("key.pem: {e}"))?;
            builder.with_client_auth_cert(certificates, key)?
        }
    })
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = DialError;
    type Future = BoxFuture<'static, Result<Self::Response, DialError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.dial().await.map(TokioIo::new) })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection, whatever carries it.
pub(super) struct Wire(Box<dyn Duplex>);

impl Wire {
    fn new(carrier: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Box::new(carrier))
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A running `ssh`. Dropping it kills it.
struct SshProgram {
    what: String,
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// Reads standard error to its end, so that the program never blocks on it, and keeps its beginning.
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl SshProgram {
    fn start(ssh: &SshAddress) -> Result<Self, DialError> {
        let what = EngineAddress::Ssh(ssh.clone()).to_string();
        let mut child = Command::new("ssh")
            .args(ssh.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // A terminal's Ctrl-C is for us: what is under way ends through this very connection.
            .process_group(0)
            .spawn()
            .map_err(|e| DialError::new(format!("{what} (running `ssh`)"), e))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("its standard output was asked for");
        let stderr = child.stderr.take().map(|stderr| tokio::spawn(beginning_of(stderr)));
        Ok(Self { what, child: Some(child), stdin, stdout, stderr })
    }
}

async fn beginning_of(mut stderr: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = [0; 1024];
    while let Ok(n @ 1..) = stderr.read(&mut chunk).await {
        let room = SAID_LIMIT.saturating_sub(kept.len()).min(n);
        kept.extend_from_slice(&chunk[..room]);
    }
    kept
}

impl AsyncRead for SshProgram {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

fn stdin_closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed for writing")
}

impl AsyncWrite for SshProgram {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_write(cx, buf),
            None => Poll::Ready(Err(stdin_closed())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// tokio's own shutdown of a child's standard input does nothing; only dropping it closes the pipe.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

impl Carrier for SshProgram {
    fn why_ended(&mut self, said: String) -> BoxFuture<'static, DialError> {
        let what = self.what.clone();
        self.stdin = None;
        let (child, stderr) = (self.child.take(), self.stderr.take());
        Box::pin(async move {
            let Some(mut child) = child else {
                return DialError { what, said, exit_code: None, source: None };
            };
            let text = match stderr {
                Some(stderr) => tokio::time::timeout(END_LIMIT, stderr).await,
                None => Ok(Ok(Vec::new())),
            };
            let text = text.ok().and_then(Result::ok).unwrap_or_default();
            let code = match tokio::time::timeout(END_LIMIT, child.wait()).await {
                Ok(Ok(status)) => status.code().map(i64::from),
                _ => None,
            };
            let stderr = String::from_utf8_lossy(&text);
            let said = [stderr.trim(), said.as_str()].join("\n").trim().to_owned();
            DialError { what, said, exit_code: code, source: None }
        })
    }
}
