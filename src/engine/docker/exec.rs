//! Programs in containers.

use std::sync::Arc;

use bollard::models::ExecConfig;
use bytes::{Bytes, BytesMut};
use futures_util::future;
use futures_util::stream::{self, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::api::{Raw, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::stream::{Demux, Framing};
use super::transport::Transport;
use super::tunnel::READ_SIZE;
use crate::engine::engine::{Call, ExecControl, ExecSession, ExecSpec, OutputStream};
use crate::engine::error::EngineError;

/// An exec that runs, with its connection.
pub(super) struct StartedExec {
    pub(super) id: String,
    pub(super) io: TokioIo<Upgraded>,
    pub(super) framing: Framing,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ExecState {
    #[serde(default)]
    running: bool,
    exit_code: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ExecId {
    id: String,
}

impl DockerEngine {
    /// Makes an exec and starts it with its streams connected.
    pub(super) async fn start_exec(
        &self,
        container: &str,
        spec: &ExecSpec,
    ) -> Result<StartedExec, EngineError> {
        let call = Tried::new("exec in container", container);
        let made = self.make_exec(container, spec, true, &call).await?;
        self.start_made(&made, spec, &call).await
    }

    async fn start_made(
        &self,
        made: &ExecId,
        spec: &ExecSpec,
        call: &Tried,
    ) -> Result<StartedExec, EngineError> {
        let terminal = spec.tty.is_some();
        within(call, Some(self.transport.limits.call), async {
            let mut start = serde_json::json!({"Detach": false, "Tty": terminal});
            if let Some((rows, columns)) = spec.tty {
                start["ConsoleSize"] = serde_json::json!([rows, columns]);
            }
            let response = Raw::post(&["exec", &made.id, "start"])
                .header("connection", "Upgrade")
                .header("upgrade", "tcp")
                .json(&start)
                .send(&self.transport, call)
                .await?;
            let framing = Framing::of(response.headers(), terminal);
            let upgraded = hyper::upgrade::on(response).await.map_err(|error| call.unreachable(error))?;
            Ok(StartedExec { id: made.id.clone(), io: TokioIo::new(upgraded), framing })
        })
        .await
    }

    /// Another connection, made beside: a program keeps the one by which it was started. To an engine in a node it is a
    /// process there, and takes as long to come up as a short program runs.
    fn spare(&self) -> Option<JoinHandle<()>> {
        let transport = self.transport.is_tunnel().then(|| Arc::clone(&self.transport))?;
        Some(tokio::spawn(async move { drop(transport.ping().await) }))
    }

    /// Makes an exec and starts it; its streams go nowhere.
    pub(super) async fn leave_exec(&self, container: &str, spec: &ExecSpec) -> Result<(), EngineError> {
        let call = Tried::new("exec in container", container);
        let made = self.make_exec(container, spec, false, &call).await?;
        within(&call, Some(self.transport.limits.call), async {
            let start = serde_json::json!({"Detach": true, "Tty": spec.tty.is_some()});
            Raw::post(&["exec", &made.id, "start"]).json(&start).send(&self.transport, &call).await.map(drop)
        })
        .await
    }

    async fn make_exec(
        &self,
        container: &str,
        spec: &ExecSpec,
        attached: bool,
        call: &Tried,
    ) -> Result<ExecId, EngineError> {
        let config = ExecConfig {
            attach_stdin: Some(spec.stdin && attached),
            attach_stdout: Some(attached),
            attach_stderr: Some(attached),
            tty: Some(spec.tty.is_some()),
            console_size: spec.tty.map(|(rows, columns)| vec![rows.into(), columns.into()]),
            env: (!spec.env.is_empty()).then(|| spec.env.clone()),
            cmd: Some(spec.argv.clone()),
            privileged: spec.privileged.then_some(true),
            user: spec.user.clone(),
            working_dir: spec.working_dir.clone(),
            ..ExecConfig::default()
        };
        let body = serde_json::to_value(&config).map_err(|error| call.nonsense(error))?;
        Raw::post(&["containers", container, "exec"]).json(&body).fetch(&self.transport, call).await
    }

    pub(super) async fn open_exec(
        &self,
        container: &str,
        spec: &ExecSpec,
    ) -> Result<ExecSession, EngineError> {
        let call = Tried::new("exec in container", container);
        let made = self.make_exec(container, spec, true, &call).await?;
        let (started, spare) =
            future::join(self.start_made(&made, spec, &call), async { self.spare() }).await;
        let started = started?;
        let (reading, writing) = tokio::io::split(started.io);
        let call = Tried::new("read the output of an exec in container", container);
        Ok(ExecSession {
            output: output_of(reading, Demux::new(started.framing), call),
            input: if spec.stdin { Box::pin(writing) } else { Box::pin(tokio::io::sink()) },
            control: Arc::new(Control {
                transport: Arc::clone(&self.transport),
                exec: started.id,
                spare: Mutex::new(spare),
            }),
        })
    }
}

/// The exit code of an exec that has ended.
pub(super) async fn exec_exit_code(transport: &Transport, exec: &str) -> Result<Option<i64>, EngineError> {
    let call = Tried::new("inspect exec", exec);
    let state: ExecState = Raw::get(&["exec", exec, "json"]).fetch(transport, &call).await?;
    Ok(if state.running { None } else { state.exit_code })
}

pub(super) fn output_of(
    reading: impl AsyncRead + Send + Unpin + 'static,
    demux: Demux,
    call: Tried,
) -> OutputStream {
    let state = Some((reading, demux, BytesMut::new(), call));
    stream::unfold(state, |state| async move {
        let (mut reading, mut demux, mut buffer, call) = state?;
        loop {
            match demux.next() {
                Ok(Some(piece)) => return Some((Ok(piece), Some((reading, demux, buffer, call)))),
                Ok(None) => {}
                Err(error) => return Some((Err(call.nonsense(error)), None)),
            }
            buffer.reserve(READ_SIZE);
            match reading.read_buf(&mut buffer).await {
                Ok(0) => return demux.finish().err().map(|error| (Err(call.unreachable(error)), None)),
                Ok(_) => demux.push(buffer.split().freeze()),
                Err(error) => return Some((Err(call.unreachable(error)), None)),
            }
        }
    })
    .boxed()
}

/// The same for the body of an answer: a log.
pub(super) fn output_of_body(
    bytes: stream::BoxStream<'static, Result<Bytes, EngineError>>,
    demux: Demux,
    call: Tried,
) -> OutputStream {
    stream::unfold(Some((bytes, demux, call)), |state| async move {
        let (mut bytes, mut demux, call) = state?;
        loop {
            match demux.next() {
                Ok(Some(piece)) => return Some((Ok(piece), Some((bytes, demux, call)))),
                Ok(None) => {}
                Err(error) => return Some((Err(call.nonsense(error)), None)),
            }
            match bytes.next().await {
                Some(Ok(more)) => demux.push(more),
                Some(Err(error)) => return Some((Err(error), None)),
                None => return demux.finish().err().map(|error| (Err(call.unreachable(error)), None)),
            }
        }
    })
    .boxed()
}

/// Tells the engine the size of a terminal.
pub(super) fn resize<'a>(
    transport: &'a Transport,
    path: &[&str],
    call: Tried,
    rows: u16,
    columns: u16,
) -> Call<'a, ()> {
    let request = Raw::post(path).query("h", &rows.to_string()).query("w", &columns.to_string());
    Box::pin(async move {
        let limit = Some(transport.limits.call);
        within(&call, limit, async { request.send(transport, &call).await.map(drop) }).await
    })
}

struct Control {
    transport: Arc<Transport>,
    exec: String,
    /// Makes the connection over which is asked how the program has ended.
    spare: Mutex<Option<JoinHandle<()>>>,
}

impl ExecControl for Control {
    fn resize(&self, rows: u16, columns: u16) -> Call<'_, ()> {
        let call = Tried::new("resize the terminal of exec", &*self.exec);
        resize(&self.transport, &["exec", &self.exec, "resize"], call, rows, columns)
    }

    fn exit_code(&self) -> Call<'_, Option<i64>> {
        Box::pin(async move {
            if let Some(spare) = self.spare.lock().await.take() {
                // Without it the question makes one of its own.
                let _ = spare.await;
            }
            exec_exit_code(&self.transport, &self.exec).await
        })
    }
}
