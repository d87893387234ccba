//! The program in a directory of its own, with a clean environment and no engine.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory in which the program runs: no environment but a home there, 80 columns, UTF-8, no colour, and the
/// engine's socket pointing nowhere.
pub(crate) struct Program {
    directory: PathBuf,
}

/// What a run left behind. Shown with its exit code and both streams, the directory as `[DIR]`.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    directory: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit code: {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(
                    f,
                    "----- {name} -----\n{}",
                    text.trim_end_matches('\n').replace(&self.directory, "[DIR]")
                )?;
            }
        }
        Ok(())
    }
}

impl Program {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Outside of the workspace, so that no lab file is found above it.
        let directory = std::env::temp_dir().join(format!("nestctl-it-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the program");
        let directory = directory.canonicalize().expect("it is there");
        Self { directory }
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nestctl"));
        command.current_dir(&self.directory).args(arguments).env_clear().stdin(Stdio::null());
        command.env("HOME", &self.directory).env("COLUMNS", "80").env("LANG", "C.UTF-8");
        command.env("DOCKER_HOST", "unix:///nowhere/no.sock");
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.said(&self.command(arguments).output().expect("nestctl runs"))
    }

    /// Runs it with a standard output that nobody reads.
    pub(crate) fn run_into_closed_pipe(&self, arguments: &[&str]) -> Said {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = self.command(arguments).stdout(writer).output().expect("nestctl runs");
        self.said(&output)
    }

    fn said(&self, output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            directory: self.directory.display().to_string(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
