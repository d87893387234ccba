//! Asking the user before something is gone. Without a terminal there is nobody to ask.

use std::io;
use std::thread;

use tokio::sync::oneshot;

use super::error::CliError;
use super::terminal::Terminal;

/// Whether an answer agrees.
pub fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Asks, and waits for the answer. A signal may break that off: the thread that reads ends with the process.
///
/// # Errors
/// When the answer cannot be read.
pub async fn agrees(question: &str, terminal: &Terminal) -> Result<bool, CliError> {
    terminal.say(&format!("{question} [y/N] "));
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map(|_| answer);
        let _ = sender.send(read);
    });
    match receiver.await {
        Ok(read) => Ok(is_yes(&read.map_err(CliError::Output)?)),
        Err(_) => Ok(false),
    }
}
