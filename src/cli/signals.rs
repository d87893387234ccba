//! Ctrl-C and friends: the first drains, the second aborts, the third ends the process.

use std::io::Write;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::event::event::CancelLevel;

use super::error::CliError;
use super::exit;

/// Turns to `Some` when the user breaks off.
pub type Cancel = watch::Receiver<Option<CancelLevel>>;

/// Listens for SIGINT, SIGTERM and SIGHUP from now on.
///
/// # Errors
/// When the process may not install handlers.
pub fn listen() -> Result<Cancel, CliError> {
    let failed = |error: std::io::Error| CliError::Internal(format!("failed to listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        for level in [Some(CancelLevel::Drain), Some(CancelLevel::Abort), None] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
                // Nobody listens any more: signals have another meaning now.
                () = sender.closed() => return,
            }
            match level {
                Some(level) => {
                    let _ = sender.send(Some(level));
                }
                None => end(),
            }
        }
    });
    Ok(receiver)
}

/// Ends the process at once. The cursor may be hidden.
#[expect(clippy::exit, reason = "the third signal is a demand: whatever still runs is not asked")]
fn end() {
    let _ = std::io::stderr().write_all(b"\x1b[?25h\n");
    std::process::exit(i32::from(exit::INTERRUPTED));
}
