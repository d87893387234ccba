//! How long an engine may take.

use std::time::Duration;

/// Limits of the calls of an engine, and of the engines inside its containers. What a call itself may take (the
/// grace of a stop) comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for the answer to a call that moves no bytes.
    pub call: Duration,
    /// Longest time in which nothing moves within a pull, a copy or an upload; `None`: long enough for each, see
    /// the methods.
    pub stall: Option<Duration>,
}

impl Default for Limits {
    /// Two minutes for a call: inner engines on a busy machine are slow.
    fn default() -> Self {
        Self { call: Duration::from_secs(120), stall: None }
    }
}

impl Limits {
    fn stall(self, minutes: u64) -> Duration {
        self.stall.unwrap_or(Duration::from_secs(minutes * 60))
    }

    /// Longest silence of an engine that sends bytes: 5 minutes.
    pub fn silence(self) -> Duration {
        self.stall(5)
    }

    /// Longest time in which an engine takes no byte of what is offered to it: 5 minutes.
    pub fn deafness(self) -> Duration {
        self.stall(5)
    }

    /// Longest silence within a pull: 30 minutes, for while a large layer is unpacked nothing is said.
    pub fn unpacking(self) -> Duration {
        self.stall(30)
    }

    /// Longest wait for the first byte of a saved image: an hour, for graph drivers put the whole archive on the disk
    /// first.
    pub fn packing(self) -> Duration {
        self.stall(60)
    }

    /// Longest time that an engine works on what it has got: an hour. Unpacking gigabytes onto a busy disk is slow,
    /// and nothing is said meanwhile.
    pub fn digest(self) -> Duration {
        self.stall(60)
    }
}
