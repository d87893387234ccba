//! Errors as the user meets them: kind, exit code, hints. Here alone errors are tied to commands and flags.

use std::error::Error as StdError;
use std::fmt::Write;
use std::io;
use std::sync::Arc;

use crate::diag::diagnostic::Severity;
use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::model::failure::{Failure, FailureKind};
use crate::model::name::BadName;
use crate::model::observed::ContainerState;
use crate::ops::error::OpError;
use crate::report::diagnostic::render_all;
use crate::report::failure::hint_into;
use crate::report::style::{Symbol, Tone};

use super::exit;
use super::terminal::Terminal;

/// Why a command ended early.
#[derive(Debug)]
pub enum CliError {
    /// The reader of the output is gone.
    Closed,
    /// Output could not be written.
    Output(io::Error),
    /// The command line is wrong in a way that clap cannot know.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A use case could not be carried out.
    Op(OpError),
    /// It was broken off by a signal.
    Interrupted,
    /// A bug, or a machine out of order.
    Internal(String),
}

impl From<OpError> for CliError {
    fn from(error: OpError) -> Self {
        Self::Op(error)
    }
}

impl From<BadName> for CliError {
    fn from(error: BadName) -> Self {
        Self::Op(OpError::Name(error))
    }
}

impl CliError {
    /// For a failed write to standard output.
    pub fn from_write(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Output(error) }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Closed => exit::OK,
            Self::Output(_) => exit::FAILED,
            Self::Usage { .. } => exit::USAGE,
            Self::Interrupted => exit::INTERRUPTED,
            Self::Internal(_) => exit::INTERNAL,
            Self::Op(error) => match error {
                OpError::NoLabFile { .. }
                | OpError::Unreadable { .. }
                | OpError::Unwritable { .. }
                | OpError::Name(_)
                | OpError::Address { .. }
                | OpError::OneOff(_)
                | OpError::Scale(_)
                | OpError::Limit { .. }
                | OpError::Time(_) => exit::USAGE,
                OpError::Refused { .. } => exit::INVALID,
                OpError::NothingMatched { .. } | OpError::NotUp { .. } | OpError::NoPort { .. } => {
                    exit::NOTHING_MATCHED
                }
                OpError::Engine(error) if error.kind == FailureKind::Unreachable => exit::UNREACHABLE,
                OpError::Root(_) | OpError::LayerSilent { .. } => exit::UNREACHABLE,
                OpError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::OK,
                OpError::Engine(_)
                | OpError::Copy(_)
                | OpError::Held { .. }
                | OpError::NotRunning { .. }
                | OpError::Output(_) => exit::FAILED,
            },
        }
    }

    /// What to do, where there is something to be done.
    fn hint(&self) -> Option<String> {
        let Self::Op(error) = self else {
            return match self {
                Self::Usage { hint, .. } => hint.clone(),
                Self::Internal(_) => {
                    Some("this is a bug in nestctl: please report it with what you did".to_owned())
                }
                Self::Closed | Self::Output(_) | Self::Op(_) | Self::Interrupted => None,
            };
        };
        let hint = match error {
            OpError::NoLabFile { .. } => {
                "write a nest.yaml, go to the directory of one, or name it with `-f FILE`; a lab that is up can be \
                 named with `-p NAME`"
            }
            OpError::NothingMatched { near: Some(near), .. } => {
                return Some(format!("did you mean `{near}`?"));
            }
            OpError::NothingMatched { near: None, .. } => {
                "`nestctl ps` lists what is there, `nestctl config --services` what the file has"
            }
            OpError::NoPort { bound, .. } if bound.is_empty() => {
                "it publishes none; `ports` publishes on the node's engine, `publish` on the root's"
            }
            OpError::NoPort { bound, .. } => return Some(format!("it publishes {}", bound.join(", "))),
            OpError::NotUp { .. } => "`nestctl up` brings it up; `nestctl ls` lists the labs that are there",
            OpError::NotRunning { addr, state: ContainerState::Paused, .. } => {
                return Some(format!("`nestctl unpause {addr}` lets it go on"));
            }
            OpError::NotRunning { addr, .. } => {
                return Some(format!(
                    "`nestctl start {addr}` starts it, `nestctl up` the lab; `nestctl logs {addr}` shows why it ended"
                ));
            }
            OpError::Address { .. } => {
                "an address is a path of service names, such as `vm1/web`, or `vm@2/web` for the second replica of `vm`"
            }
            OpError::LayerSilent { .. } => {
                "`nestctl logs` of the node shows what its engine says; `nestctl up` waits for an engine that is \
                 starting, `nestctl restart` of the node starts one again that hangs"
            }
            OpError::Engine(error) if is_forbidden(&error.to_failure()) => {
                "the engine's socket is its owner's and its group's: become a member of the group (`docker` on most \
                 machines), or name an engine with `-H` or DOCKER_HOST"
            }
            OpError::Root(_) => {
                "start Docker, set DOCKER_HOST, or name an engine with `-H`; `nestctl doctor` looks closer"
            }
            OpError::Engine(error) if error.kind == FailureKind::Unreachable => {
                "start Docker, set DOCKER_HOST, or name an engine with `-H`; `nestctl doctor` looks closer"
            }
            OpError::Held { .. } => {
                "wait for it, or give `--lock-timeout` more time; `ps`, `logs`, `exec` and `plan` work meanwhile"
            }
            OpError::Limit { .. } => "write seconds or a duration with units, such as `90s` or `5m`",
            OpError::Time(_) => {
                "write a time such as 2026-01-31T13:23:37Z, or how long ago it was, such as 42m"
            }
            OpError::Scale(_) => {
                "write an address without replica numbers and how many, such as `web=3` or `vm1/web=3`"
            }
            OpError::Engine(_)
            | OpError::Copy(_)
            | OpError::OneOff(_)
            | OpError::Unreadable { .. }
            | OpError::Unwritable { .. }
            | OpError::Refused { .. }
            | OpError::Name(_)
            | OpError::Output(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    /// Says what is wrong on standard error.
    pub fn say(&self, terminal: &Terminal) {
        match self {
            Self::Closed => {}
            Self::Op(OpError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Interrupted => terminal.say("interrupted\n"),
            Self::Op(OpError::Refused { diagnostics, sources }) => {
                say_problems(diagnostics, sources, terminal);
            }
            Self::Op(OpError::LayerSilent { layer, causes }) => {
                self.say_text(&format!("engine of `{layer}` does not answer"), causes, terminal);
            }
            Self::Op(OpError::Engine(error)) => {
                let failure = error.to_failure();
                self.say_text(&failure.summary, &failure.causes, terminal);
            }
            Self::Op(error) => self.say_text(&error.to_string(), &causes(error), terminal),
            Self::Output(error) => {
                self.say_text("failed to write the output", &[error.to_string()], terminal);
            }
            Self::Usage { message, .. } | Self::Internal(message) => self.say_text(message, &[], terminal),
        }
    }

    fn say_text(&self, message: &str, causes: &[String], terminal: &Terminal) {
        let style = terminal.err;
        let mut out = style.paint(Tone::Bad, "error:");
        writeln!(out, " {message}").expect("writing to a string cannot fail");
        for cause in causes {
            let cause = cause.trim_end().replace('\n', "\n    ");
            writeln!(out, "  {} {cause}", style.paint(Tone::Faint, "because:"))
                .expect("writing to a string cannot fail");
        }
        if let Some(hint) = self.hint() {
            hint_into(&mut out, &hint, style, terminal.err_columns);
        }
        terminal.say(&out);
    }
}

/// Whether the system keeps the user from the engine's socket.
fn is_forbidden(failure: &Failure) -> bool {
    let words = io::Error::from(io::ErrorKind::PermissionDenied).to_string();
    let says = |cause: &String| cause.to_lowercase().starts_with(&words);
    failure.kind == FailureKind::Unreachable && failure.causes.iter().any(says)
}

fn causes(error: &dyn StdError) -> Vec<String> {
    let mut out = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        out.push(error.to_string());
        source = error.source();
    }
    out
}

/// Shows problems and counts them.
pub fn say_problems(diagnostics: &Diagnostics, sources: &Arc<SourceMap>, terminal: &Terminal) {
    if diagnostics.is_empty() {
        return;
    }
    let style = terminal.err;
    let mut out = render_all(diagnostics, sources, style, terminal.err_columns.min(110));
    let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    if errors > 0 {
        let mut text = plural(errors, "error");
        if warnings > 0 {
            text = format!("{text} and {}", plural(warnings, "warning"));
        }
        let text = format!("{} {text}\n", style.symbol(Symbol::Failed));
        style.paint_into(&mut out, Tone::Bad, &text);
    }
    terminal.say(&out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_not_for_the_user_is_told_apart_from_one_that_is_not_there() {
        let forbidden = |errno: i32| {
            let causes = vec![io::Error::from_raw_os_error(errno).to_string()];
            let kind = FailureKind::Unreachable;
            is_forbidden(&Failure { kind, summary: String::new(), causes, logs: None })
        };
        let (not_there, denied) = (2, 13);
        assert!(forbidden(denied) && !forbidden(not_there));
    }
}
