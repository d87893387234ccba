//! Failures as [`EngineError`]: the kind from the status and the engine's words, the causes without noise.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bollard::errors::Error as BollardError;

use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;

/// A failure of the connection, in words that are worth reading.
///
/// hyper's own (`client error (Connect)`) say nothing; what they wrap stays in the chain of sources.
#[derive(Debug)]
pub(super) struct NoAnswer(pub(super) hyper_util::client::legacy::Error);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_connect() {
            "no connection to the engine"
        } else {
            "the connection to the engine broke"
        })
    }
}

impl StdError for NoAnswer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// What was tried and on whom: the part of an [`EngineError`] that is known before the call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) op: &'static str,
    pub(super) target: String,
}

impl Call {
    pub(super) fn new(op: &'static str, target: impl Into<String>) -> Self {
        Self { op, target: target.into() }
    }

    fn error(
        &self,
        kind: FailureKind,
        status: Option<u16>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> EngineError {
        EngineError { op: self.op, target: self.target.clone(), kind, status, source: Some(source.into()) }
    }

    /// The engine answered with an error.
    pub(super) fn refused(&self, status: u16, message: &str) -> EngineError {
        let message = message.trim();
        let reason = if message.is_empty() {
            format!("the engine answered with status {status}")
        } else {
            message.to_owned()
        };
        self.error(kind_of(Some(status), message), Some(status), reason)
    }

    /// The engine began well and then reported an error in its stream.
    pub(super) fn failed_within(&self, message: &str) -> EngineError {
        self.error(kind_of(None, message), None, message.trim().to_owned())
    }

    /// The connection failed.
    pub(super) fn unreachable(&self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> EngineError {
        self.error(FailureKind::Unreachable, None, source)
    }

    /// The engine answered what cannot be understood.
    pub(super) fn nonsense(&self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> EngineError {
        self.error(FailureKind::Engine, None, source)
    }

    /// A deadline passed.
    pub(super) fn timeout(&self, what: &str, limit: Duration) -> EngineError {
        self.error(FailureKind::Timeout, None, format!("{what} for {} s", limit.as_secs()))
    }

    /// A failure of a call through bollard.
    pub(super) fn bollard(&self, error: BollardError) -> EngineError {
        match error {
            BollardError::DockerResponseServerError { status_code, message } => {
                self.refused(status_code, &message)
            }
            BollardError::DockerStreamError { error } => self.failed_within(&error),
            // The transport's failures, in the wrapper that bollard has for them.
            BollardError::IOError { err } => match err.downcast::<NoAnswer>() {
                Ok(no_answer) => self.unreachable(no_answer),
                Err(err) => self.unreachable(err),
            },
            BollardError::HyperResponseError { err } => self.unreachable(err),
            BollardError::RequestTimeoutError => {
                self.error(FailureKind::Timeout, None, "no answer".to_owned())
            }
            other => self.nonsense(other),
        }
    }
}

/// The kind of a refusal. Statuses alone do not tell: the engine says 500 for a port in use and 403 for a network
/// that still has containers.
fn kind_of(status: Option<u16>, message: &str) -> FailureKind {
    let text = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if matches!(status, Some(401)) || says(&["unauthorized", "authentication required", "no basic auth"]) {
        return FailureKind::Unauthorized;
    }
    if matches!(status, Some(404)) {
        return FailureKind::NotFound;
    }
    if matches!(status, Some(403 | 409))
        || says(&[
            "already allocated",
            "address already in use",
            "already in use",
            "is in use",
            "overlaps with",
        ])
    {
        return FailureKind::Conflict;
    }
    if says(&["manifest unknown", "not found", "no such image", "does not exist", "name unknown"]) {
        return FailureKind::NotFound;
    }
    if says(&["access denied", "denied: ", "forbidden"]) {
        return FailureKind::Unauthorized;
    }
    if says(&["timeout", "deadline exceeded"]) {
        return FailureKind::Timeout;
    }
    FailureKind::Engine
}

/// Whether the engine's words are these: for answers that mean that there is nothing left to do.
pub(super) fn says(error: &EngineError, words: &[&str]) -> bool {
    let text = error.source.as_ref().map(|source| source.to_string().to_lowercase()).unwrap_or_default();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_status_and_words() {
        let kind = |status, message| kind_of(Some(status), message);
        assert_eq!(kind(404, "No such container: x"), FailureKind::NotFound);
        assert_eq!(kind(409, "Conflict. The container name \"/x\" is already in use"), FailureKind::Conflict);
        assert_eq!(kind(403, "network x has active endpoints"), FailureKind::Conflict);
        assert_eq!(
            kind(500, "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated"),
            FailureKind::Conflict
        );
        assert_eq!(kind(500, "Pool overlaps with other one on this address space"), FailureKind::Conflict);
        assert_eq!(kind(500, "unauthorized: authentication required"), FailureKind::Unauthorized);
        assert_eq!(kind(500, "manifest unknown: x"), FailureKind::NotFound);
        assert_eq!(kind(500, "OCI runtime create failed"), FailureKind::Engine);
        assert_eq!(kind_of(None, "toomanyrequests: pull rate limit"), FailureKind::Engine);
    }

    #[test]
    fn an_empty_answer_still_has_a_reason() {
        let failure = Call::new("create container", "web").refused(502, "").to_failure();
        assert_eq!(failure.summary, "failed to create container `web`");
        assert_eq!(failure.causes, ["the engine answered with status 502"]);
    }
}
