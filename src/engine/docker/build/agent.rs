//! An agent for a key file: `ssh: [ID=PATH]` may name a private key in the place of an agent's socket.
//!
//! OpenSSH's own agent holds the key, as one program with `ssh-add`: `ssh-agent COMMAND` ends by itself, with its socket, once
//! the command has ended, and this one ends with our end of its pipe, even if nestctl is killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::grpc::{Status, UNAVAILABLE};
use crate::model::build::SshAgent;

/// Adds the key, says where the agent is, and stays.
const SCRIPT: &str = r#"ssh-add -q - < "$1" && printf '%s\n' "$SSH_AUTH_SOCK" && exec cat"#;

/// An agent that lives as long as this does.
pub(super) struct KeyAgent {
    socket: PathBuf,
    /// Its pipe is what keeps it.
    _program: Child,
}

impl KeyAgent {
    async fn start(key: &Path) -> Result<Self, Status> {
        let failed = |why: String| {
            Status::new(
                UNAVAILABLE,
                format!("cannot put the key `{}` into an agent: {}", key.display(), why.trim()),
            )
        };
        let mut program = Command::new("ssh-agent")
            .args(["sh", "-c", SCRIPT, "sh"])
            .arg(key)
            // A key with a passphrase is refused: nobody could be asked while other things happen on the terminal.
            .env("SSH_ASKPASS_REQUIRE", "never")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Of a terminal that it does not have `ssh-add` asks nothing.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(format!("ssh-agent: {error}")))?;
        let mut socket = String::new();
        if let Some(stdout) = program.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut socket).await;
            read.map_err(|error| failed(error.to_string()))?;
        }
        if socket.trim().is_empty() {
            let mut said = String::new();
            if let Some(mut stderr) = program.stderr.take() {
                let _ = stderr.read_to_string(&mut said).await;
            }
            return Err(failed(said));
        }
        Ok(Self { socket: PathBuf::from(socket.trim()), _program: program })
    }
}

/// Puts an agent in the place of each key file. The agents are there until what is returned goes.
pub(super) async fn for_keys(agents: &mut BTreeMap<String, SshAgent>) -> Result<Vec<KeyAgent>, Status> {
    let mut out = Vec::new();
    for agent in agents.values_mut() {
        let SshAgent::Socket(path) = agent else { continue };
        if path.is_file() {
            let started = KeyAgent::start(path).await?;
            *path = started.socket.clone();
            out.push(started);
        }
    }
    Ok(out)
}
