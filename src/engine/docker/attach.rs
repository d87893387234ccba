//! Connecting to the streams of a container's main program.

use std::sync::Arc;

use hyper_util::rt::TokioIo;

use super::api::{Raw, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::exec::{output_of, resize};
use super::stream::{Demux, Framing};
use super::transport::Transport;
use crate::engine::engine::{AttachSpec, Call, ExecControl, ExecSession};
use crate::engine::error::EngineError;

impl DockerEngine {
    pub(super) async fn attach_to(
        &self,
        container: &str,
        spec: &AttachSpec,
    ) -> Result<ExecSession, EngineError> {
        let call = Tried::new("attach to container", container);
        let terminal = self.inspect_container(container).await?.tty;
        let yes_no = |yes: bool| if yes { "true" } else { "false" };
        let request = Raw::post(&["containers", container, "attach"])
            .query("stream", "true")
            .query("stdin", yes_no(spec.stdin))
            .query("stdout", "true")
            .query("stderr", "true")
            .maybe("detachKeys", spec.detach_keys.as_deref())
            .header("connection", "Upgrade")
            .header("upgrade", "tcp");
        let (upgraded, framing) = within(&call, Some(self.transport.limits.call), async {
            let response = request.send(&self.transport, &call).await?;
            let framing = Framing::of(response.headers(), terminal);
            let upgraded = hyper::upgrade::on(response).await.map_err(|error| call.unreachable(error))?;
            Ok((upgraded, framing))
        })
        .await?;
        let (reading, writing) = tokio::io::split(TokioIo::new(upgraded));
        let reading_call = Tried::new("read the output of container", container);
        Ok(ExecSession {
            output: output_of(reading, Demux::new(framing), reading_call),
            input: if spec.stdin { Box::pin(writing) } else { Box::pin(tokio::io::sink()) },
            control: Arc::new(Control {
                transport: Arc::clone(&self.transport),
                container: container.to_owned(),
            }),
        })
    }
}

struct Control {
    transport: Arc<Transport>,
    container: String,
}

impl ExecControl for Control {
    fn resize(&self, rows: u16, columns: u16) -> Call<'_, ()> {
        let call = Tried::new("resize the terminal of container", &*self.container);
        resize(&self.transport, &["containers", &self.container, "resize"], call, rows, columns)
    }

    /// Not known here: [`crate::engine::engine::Engine::wait`] tells it.
    fn exit_code(&self) -> Call<'_, Option<i64>> {
        Box::pin(async { Ok(None) })
    }
}
