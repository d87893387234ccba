//! A failure as data: what was done to whom, why it did not work, and the log lines that matter.

/// What kind of failure, for exit codes and hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// The object is not there.
    NotFound,
    /// The engine says that it is in the way of something else (a name, a port, a state).
    Conflict,
    /// Credentials are missing or wrong.
    Unauthorized,
    /// The engine cannot be reached.
    Unreachable,
    /// A deadline passed.
    Timeout,
    /// The thing itself ended or is unhealthy: its own logs say why.
    Unhealthy,
    /// The engine refused or failed.
    Engine,
}

/// A failure of one step or one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Kind.
    pub kind: FailureKind,
    /// What was done, to whom: ``failed to create container `vm1/web` ``.
    pub summary: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// The last lines of the log that matter, and whose they are.
    pub logs: Option<LogTail>,
}

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// Whose.
    pub of: String,
    /// Lines, oldest first.
    pub lines: Vec<String>,
}
