//! Standard output for data, standard error for talk.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use rustix::termios::tcgetwinsize;

use crate::report::frame::Size;
use crate::report::style::Style;

use super::error::CliError;
use super::settings::Settings;

/// Where a command speaks.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Look of standard output.
    pub out: Style,
    /// Look of standard error.
    pub err: Style,
    /// Columns of standard output; `None`: not a terminal, nothing is cut.
    pub out_columns: Option<usize>,
    /// Columns for talk.
    pub err_columns: usize,
}

/// Columns of talk that goes to a file.
const FILE_COLUMNS: usize = 100;

impl Terminal {
    /// From the choices made.
    pub fn new(settings: &Settings) -> Self {
        let given = settings.environment.var("COLUMNS").and_then(|text| text.parse().ok()).filter(|n| *n > 0);
        let tty = settings.environment.stdout_tty.then(|| size_of(&io::stdout()).columns);
        let err = settings.environment.stderr_tty.then(|| size_of(&io::stderr()).columns);
        Self {
            out: Style { color: settings.color_stdout, unicode: settings.unicode },
            err: Style { color: settings.color_stderr, unicode: settings.unicode },
            out_columns: given.or(tty),
            err_columns: given.or(err).unwrap_or(FILE_COLUMNS),
        }
    }

    /// Writes data.
    ///
    /// # Errors
    /// When it cannot be written; a closed pipe is [`CliError::Closed`].
    pub fn print(&self, text: &str) -> Result<(), CliError> {
        self.print_bytes(text.as_bytes())
    }

    /// Writes data that need not be text.
    ///
    /// # Errors
    /// As [`Terminal::print`].
    pub fn print_bytes(&self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(CliError::from_write)
    }

    /// Says something. Nobody is told when it cannot be said.
    pub fn say(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// One line each.
pub fn lines<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().fold(String::new(), |mut out, item| {
        writeln!(out, "{item}").expect("writing to a string cannot fail");
        out
    })
}

/// Size of the terminal behind a stream; 80×24 where it has none.
pub fn size_of(stream: &impl std::os::fd::AsFd) -> Size {
    match tcgetwinsize(stream) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            Size { columns: usize::from(size.ws_col), rows: usize::from(size.ws_row) }
        }
        _ => Size { columns: 80, rows: 24 },
    }
}
