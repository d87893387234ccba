//! Scripted failures.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::failure::FailureKind;

use super::fake_engine::FakeEngine;

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It fails and changes nothing.
    Fail(FailureKind, String),
    /// It hangs until it is dropped, and changes nothing.
    Hang,
    /// It takes effect; then its answer is lost and it fails as unreachable.
    LoseAnswer,
    /// It takes effect; then it hangs until it is dropped.
    HangAfter,
    /// It waits until the gate is opened, then goes on as if nothing had been.
    Hold(Gate),
    /// It takes so long by tokio's clock, which tests pause, then goes on.
    Slow(Duration),
    /// Something else happens to the engines first; then it goes on as if nothing had been.
    Meanwhile(Meanwhile),
    /// It answers a stream that breaks after so many bytes (`save`, `get`).
    BreakStream(usize),
}

/// What happens to the engines, by the hand of somebody else, at the moment of a call.
#[derive(Clone)]
pub struct Meanwhile(Arc<dyn Fn(&FakeEngine) + Send + Sync>);

impl Meanwhile {
    /// `work` gets the root engine.
    pub fn new(work: impl Fn(&FakeEngine) + Send + Sync + 'static) -> Self {
        Self(Arc::new(work))
    }

    pub(super) fn happens(&self, root: &FakeEngine) {
        (self.0)(root);
    }
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

/// Which calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The call with this number, from 1, over the whole tree of engines.
    Call(u64),
    /// This call and every one after it: nestctl is dead from there on.
    From(u64),
    /// Calls of this kind.
    Matches {
        /// The engine's path as in [`super::call::Call::engine`]; `None`: any.
        engine: Option<String>,
        /// The operation as in [`super::call::Call::op`]; `None`: any.
        op: Option<&'static str>,
        /// The target as it was given; `None`: any.
        target: Option<String>,
    },
}

impl When {
    /// Calls of `op` on `target`, on any engine.
    pub fn on(op: &'static str, target: &str) -> Self {
        Self::Matches { engine: None, op: Some(op), target: Some(target.to_owned()) }
    }

    /// Calls of `op` on anything, on any engine.
    pub fn op(op: &'static str) -> Self {
        Self::Matches { engine: None, op: Some(op), target: None }
    }

    pub(super) fn is(&self, number: u64, engine: &str, op: &str, target: &str) -> bool {
        match self {
            Self::Call(n) => *n == number,
            Self::From(n) => *n <= number,
            Self::Matches { engine: e, op: o, target: t } => {
                e.as_deref().is_none_or(|e| e == engine)
                    && o.is_none_or(|o| o == op)
                    && t.as_deref().is_none_or(|t| t == target)
            }
        }
    }
}

/// A gate that held calls wait at.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    waiting: Arc<watch::Sender<usize>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)), waiting: Arc::new(watch::Sender::new(0)) }
    }
}

impl Gate {
    /// Lets everything through, now and later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Returns when so many calls have come to the gate.
    pub async fn reached(&self, calls: usize) {
        let mut waiting = self.waiting.subscribe();
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = waiting.wait_for(|n| *n >= calls).await;
    }

    pub(super) async fn pass(&self) {
        self.waiting.send_modify(|n| *n += 1);
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}

/// A fault and the calls that it hits.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) when: When,
    /// How many calls are still hit.
    pub(super) left: u32,
    pub(super) fault: Fault,
}
