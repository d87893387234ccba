//! Running other programs, and waiting: every failure says which command it was and what it said last.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when an error came up.
pub(crate) trait Context<T> {
    fn context(self, doing: impl Display) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl Display) -> Result<T> {
        self.map_err(|error| Error(format!("failed to {doing}: {error}")))
    }
}

/// A command line that is shown in full when it fails.
pub(crate) struct Cmd(Command);

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self(Command::new(program))
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn into_inner(self) -> Command {
        self.0
    }

    /// Runs it and returns what it wrote to stdout.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self.0.stdin(Stdio::null()).output().context(format_args!("run {}", self.line()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = last_lines(&String::from_utf8_lossy(&said));
        Err(Error(format!("{} failed ({})\n{said}", self.line(), output.status)))
    }

    /// Runs it with `input` as its stdin.
    pub(crate) fn feed(mut self, input: &[u8]) -> Result<String> {
        use std::io::Write as _;
        let doing = format!("run {}", self.line());
        let mut child = self
            .0
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context(&doing)?;
        // Dropped at the end of the statement, so that the program sees the end of its input.
        child.stdin.take().expect("stdin is piped").write_all(input).context(&doing)?;
        let output = child.wait_with_output().context(&doing)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = last_lines(&String::from_utf8_lossy(&output.stderr));
        Err(Error(format!("{} failed ({})\n{said}", self.line(), output.status)))
    }

    /// The command as a person would type it.
    pub(crate) fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        format!("`{}`", words.join(" "))
    }
}

/// The end of some output, enough to see why a command failed.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(15)..];
    last.iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

/// Asks until there is an answer; what it waits for is in the error of a wait that took too long.
pub(crate) fn wait_for<T>(
    what: impl Display,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            return Err(Error(format!("{what}: not within {} s", limit.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).context(format_args!("make folder `{}`", dir.display()))
}

pub(crate) fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(format_args!("remove folder `{}`", dir.display()))
        }
        _ => Ok(()),
    }
}

pub(crate) fn write_file(path: &Path, contents: &str) -> Result<()> {
    fs::write(path, contents).context(format_args!("write `{}`", path.display()))
}

/// Whether this process is root: only root makes private roots and package trees.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The variables that a command's flags set: each takes a number, and is one of `known`.
pub(crate) fn numbers<'a>(
    command: &str,
    known: &[(&str, &'static str)],
    args: &[&'a str],
) -> Result<Vec<(&'static str, &'a str)>> {
    let mut out = Vec::new();
    for pair in args.chunks(2) {
        let Some((flag, variable)) = known.iter().find(|(flag, _)| *flag == pair[0]) else {
            return Err(Error::new(format!("{command} has no option `{}`", pair[0])));
        };
        let number = pair.get(1).filter(|text| text.parse::<u64>().is_ok());
        out.push((*variable, *number.ok_or_else(|| Error::new(format!("`{flag}` takes a number")))?));
    }
    Ok(out)
}
