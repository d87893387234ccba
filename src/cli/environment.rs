//! The process's surroundings, read once.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// What the process was started with.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Variables whose name and value are text.
    pub vars: BTreeMap<String, String>,
    /// The command line, as one text.
    pub command: String,
    /// Working directory, absolute.
    pub directory: PathBuf,
    /// Home directory.
    pub home: Option<PathBuf>,
    /// Whether standard input is a terminal.
    pub stdin_tty: bool,
    /// Whether standard output is a terminal.
    pub stdout_tty: bool,
    /// Whether standard error is a terminal.
    pub stderr_tty: bool,
}

/// Whether an argument is on the command line, where that cannot be read as a whole.
pub fn is_given(argument: &str) -> bool {
    std::env::args_os().any(|given| given == argument)
}

impl Environment {
    /// Reads it.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn read() -> io::Result<Self> {
        let directory = std::env::current_dir()?;
        let mut vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // As in Compose, files may use it also where no shell has set it.
        vars.entry("PWD".to_owned()).or_insert_with(|| directory.display().to_string());
        let mut words: Vec<String> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        if let Some(program) = words.first_mut() {
            "nestctl".clone_into(program);
        }
        Ok(Self {
            command: words.join(" ").replace('\n', " "),
            directory,
            home: vars.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            vars,
            stdin_tty: io::stdin().is_terminal(),
            stdout_tty: io::stdout().is_terminal(),
            stderr_tty: io::stderr().is_terminal(),
        })
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the locale is one of UTF-8.
    pub fn is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.var(name)).unwrap_or("");
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }
}
