//! Who has the test engine: many scenarios at once, or one that disturbs all the others (it restarts the engine).

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Who has it and who wants it.
struct Users {
    /// Turns that share it.
    shared: usize,
    /// Whether one has it alone.
    is_alone: bool,
    /// Scenarios that wait to have it alone: the others let them go first, so that they do not wait for the end of
    /// all tests, on a thread that tests could use.
    waiting: usize,
}

static USERS: Mutex<Users> = Mutex::new(Users { shared: 0, is_alone: false, waiting: 0 });
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// Turns of this thread's scenario: one that has two labs must not wait for who waits for its first.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

/// The right to use the engine, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    is_alone: bool,
}

impl Turn {
    /// Together with others.
    pub(crate) fn shared() -> Self {
        let has_one = MINE.get() > 0;
        until(|users| !users.is_alone && (has_one || users.waiting == 0)).shared += 1;
        MINE.set(MINE.get() + 1);
        Self { is_alone: false }
    }

    /// Alone, once those that have it have ended.
    pub(crate) fn alone() -> Self {
        lock().waiting += 1;
        let mut users = until(|users| !users.is_alone && users.shared == 0);
        users.waiting -= 1;
        users.is_alone = true;
        Self { is_alone: true }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut users = lock();
        if self.is_alone {
            users.is_alone = false;
        } else {
            users.shared -= 1;
            MINE.set(MINE.get() - 1);
        }
        drop(users);
        CHANGED.notify_all();
    }
}

fn lock() -> MutexGuard<'static, Users> {
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn until(holds: impl Fn(&Users) -> bool) -> MutexGuard<'static, Users> {
    CHANGED.wait_while(lock(), |users| !holds(users)).unwrap_or_else(PoisonError::into_inner)
}
