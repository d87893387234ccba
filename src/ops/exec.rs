//! Runs a program in a container on any level.

use std::io::{self, Write};
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use crate::engine::engine::{Engine, ExecSession, ExecSpec, OutputKind};
use crate::model::addr::Pattern;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::plan::ours;

use super::address::nothing_matched;
use super::context::Ctx;
use super::error::OpError;
use super::ps::{check_there, look_for_exec};

/// What to run where.
#[derive(Clone, Debug)]
pub struct ExecOptions {
    /// The lab.
    pub project: ProjectName,
    /// The service; an open replica is the first.
    pub pattern: Pattern,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// `KEY=value` pairs.
    pub env: Vec<String>,
    /// User; `None`: the container's.
    pub user: Option<String>,
    /// Working directory; `None`: the container's.
    pub working_dir: Option<String>,
    /// Extended privileges.
    pub privileged: bool,
    /// A terminal, of this many rows and columns.
    pub tty: Option<(u16, u16)>,
}

/// What the program talks to.
pub struct ExecStreams {
    /// Its standard input.
    pub stdin: Box<dyn AsyncRead + Send + Unpin>,
    /// Takes its standard output.
    pub stdout: Box<dyn Write + Send>,
    /// Takes its standard error.
    pub stderr: Box<dyn Write + Send>,
    /// Rows and columns of the terminal, as they change.
    pub resized: watch::Receiver<(u16, u16)>,
}

/// A program that was started.
pub struct Running {
    pub(super) session: ExecSession,
}

/// Starts the program.
///
/// # Errors
/// When the address names nothing, its container does not run, or an engine on the way does not answer.
pub async fn start(ctx: &Ctx, options: &ExecOptions) -> Result<Running, OpError> {
    let (engine, container) = place(ctx, options).await?;
    Ok(Running { session: engine.exec(&container, &options.spec(true)).await? })
}

/// Starts the program and leaves it alone.
///
/// # Errors
/// As [`start`].
pub async fn leave(ctx: &Ctx, options: &ExecOptions) -> Result<(), OpError> {
    let (engine, container) = place(ctx, options).await?;
    Ok(engine.exec_detached(&container, &options.spec(false)).await?)
}

impl ExecOptions {
    fn spec(&self, stdin: bool) -> ExecSpec {
        ExecSpec {
            argv: self.argv.clone(),
            env: self.env.clone(),
            user: self.user.clone(),
            working_dir: self.working_dir.clone(),
            privileged: self.privileged,
            tty: self.tty,
            stdin,
        }
    }
}

/// The container that is meant, and its engine.
async fn place(ctx: &Ctx, options: &ExecOptions) -> Result<(Arc<dyn Engine>, String), OpError> {
    let surveyed = look_for_exec(ctx, &options.project, &options.pattern).await?;
    let addr = options.pattern.first();
    let all = ours::containers(&surveyed.known, &options.project);
    // Two containers of one address are left by a run that died in a recreate: the one that runs is meant.
    let found = all
        .iter()
        .filter(|ours| ours.addr == addr)
        .max_by_key(|ours| (ours.container.state == ContainerState::Running, ours.container.created));
    let Some(found) = found else {
        let patterns = std::slice::from_ref(&options.pattern);
        let known = check_there(ctx, &options.project, patterns, &surveyed.known).await?;
        return Err(nothing_matched(&options.pattern, &known));
    };
    if found.container.state != ContainerState::Running {
        return Err(OpError::NotRunning { addr, state: found.container.state, inside: None });
    }
    let engine = surveyed.engines.get(&found.home).expect("a layer that answered has an engine");
    Ok((engine, found.container.id.clone()))
}

impl Running {
    /// Carries bytes both ways until the program ends. The answer is its exit code, `None` when the engine does not
    /// know it.
    ///
    /// # Errors
    /// When the connection breaks ([`OpError::Engine`]) or the output cannot be written ([`OpError::Output`]).
    pub async fn talk(self, streams: ExecStreams) -> Result<Option<i64>, OpError> {
        let ExecSession { mut output, mut input, control } = self.session;
        let ExecStreams { mut stdin, mut stdout, mut stderr, mut resized } = streams;
        // Not awaited at the end: a read of a terminal cannot be called back.
        let feeding = tokio::spawn(async move {
            let mut buffer = vec![0; 16 << 10];
            loop {
                match stdin.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(n) => {
                        if input.write_all(&buffer[..n]).await.is_err() || input.flush().await.is_err() {
                            return;
                        }
                    }
                }
            }
            // End of file for the program, whose output goes on.
            let _ = input.shutdown().await;
        });
        let mut watching = true;
        let result = loop {
            tokio::select! {
                next = output.next() => match next {
                    None => break Ok(()),
                    Some(Err(error)) => break Err(OpError::Engine(error)),
                    Some(Ok((kind, bytes))) => {
                        let out: &mut dyn Write = match kind {
                            OutputKind::Stdout => &mut *stdout,
                            OutputKind::Stderr => &mut *stderr,
                        };
                        if let Err(error) = write(out, &bytes) {
                            break Err(OpError::Output(error));
                        }
                    }
                },
                changed = resized.changed(), if watching => {
                    watching = changed.is_ok();
                    let (rows, columns) = *resized.borrow_and_update();
                    if watching {
                        // A program that has just ended cannot be told; its end comes next.
                        let _ = control.resize(rows, columns).await;
                    }
                }
            }
        };
        feeding.abort();
        result?;
        Ok(control.exit_code().await?)
    }
}

fn write(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}
