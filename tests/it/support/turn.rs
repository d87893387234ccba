//! Who has the test engine: many scenarios at once, or one that disturbs all the others (it restarts the engine).

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many share the engine; `None`: one has it alone.
static SHARED_BY: Mutex<Option<usize>> = Mutex::new(Some(0));
static CHANGED: Condvar = Condvar::new();

/// The right to use the engine, until it is dropped. Not `RwLock`: a scenario may have two labs, and a reader's
/// second lock would wait for a writer that waits for its first.
#[derive(Debug)]
pub(crate) struct Turn {
    is_alone: bool,
}

impl Turn {
    /// Together with others.
    pub(crate) fn shared() -> Self {
        let mut by = until(Option::is_some);
        *by = by.map(|n| n + 1);
        Self { is_alone: false }
    }

    /// Alone, once all others have ended.
    pub(crate) fn alone() -> Self {
        *until(|by| *by == Some(0)) = None;
        Self { is_alone: true }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut by = SHARED_BY.lock().unwrap_or_else(PoisonError::into_inner);
        *by = if self.is_alone { Some(0) } else { by.map(|n| n - 1) };
        drop(by);
        CHANGED.notify_all();
    }
}

fn until(holds: impl Fn(&Option<usize>) -> bool) -> MutexGuard<'static, Option<usize>> {
    let by = SHARED_BY.lock().unwrap_or_else(PoisonError::into_inner);
    CHANGED.wait_while(by, |by| !holds(by)).unwrap_or_else(PoisonError::into_inner)
}
