//! Errors of engine calls: the operation, the object, the kind, the source.

use std::error::Error as StdError;
use std::fmt;

use crate::model::failure::{Failure, FailureKind};

/// A failed call.
#[derive(Debug)]
pub struct EngineError {
    /// What was tried, in the infinitive: `create container`.
    pub op: &'static str,
    /// On what: a name or reference; empty for the engine as a whole.
    pub target: String,
    /// What kind of failure.
    pub kind: FailureKind,
    /// HTTP status, where the engine answered.
    pub status: Option<u16>,
    /// Why.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl EngineError {
    /// A failure whose reason is a text.
    pub fn new(
        op: &'static str,
        target: impl Into<String>,
        kind: FailureKind,
        reason: impl Into<String>,
    ) -> Self {
        Self { op, target: target.into(), kind, status: None, source: Some(reason.into().into()) }
    }

    /// As data, for events and reports.
    pub fn to_failure(&self) -> Failure {
        let mut causes = Vec::new();
        let mut source = self.source.as_deref().map(|e| e as &dyn StdError);
        while let Some(error) = source {
            let text = error.to_string();
            // Wrappers of hyper and bollard often repeat what they wrap.
            if causes.last().is_none_or(|last: &String| !last.contains(&text)) {
                causes.push(text);
            }
            source = error.source();
        }
        Failure { kind: self.kind, summary: self.to_string(), causes, logs: None }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.op)?;
        if self.target.is_empty() { Ok(()) } else { write!(f, " `{}`", self.target) }
    }
}

impl StdError for EngineError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}
