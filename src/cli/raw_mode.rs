//! The terminal handed to a program: every key goes through as it is.

use std::io;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::error::CliError;

/// Raw mode of standard input, until it is dropped.
pub struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Enters it.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn enter() -> Result<Self, CliError> {
        let failed = |error| CliError::Internal(format!("failed to set up the terminal: {error}"));
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw).map_err(failed)?;
        Ok(Self { before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Nobody is left to tell when this fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}
