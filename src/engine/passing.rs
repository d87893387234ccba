//! Troubles of the moment: what daemons, registries and runtimes say when the same call may go well soon, and the pauses
//! until then. Pure: one table, for the steps of a run and for dials.

use std::time::Duration;

/// Pauses between attempts, in milliseconds: a daemon that is restarted is back within them.
const PAUSES: [u64; 5] = [250, 500, 1000, 2000, 4000];

/// What a daemon or a registry says of a trouble of the moment, in lower case. Of moby (26.1), containerd, runc and podman
/// (5.4), and of Go's `net/http` below them.
const PASSING: &[&str] = &[
    // The connection between the engine and a registry, or containerd, or a process that runc starts, or of a tunnel.
    "connection reset by peer",
    "unexpected eof",
    "transport is closing",
    "error reading from server: eof",
    "error while dialing",
    "tls handshake timeout",
    "i/o timeout",
    // A registry that fails inside.
    "unexpected http status: 500",
    "unexpected http status: 502",
    "unexpected http status: 503",
    "unexpected http status: 504",
    "received unexpected http status: 5",
    // Two things at once on the engine.
    "device or resource busy",
    "database is locked",
    "is already in progress",
];

/// Whether these words tell of a trouble of the moment.
pub fn passes(words: &str) -> bool {
    let words = words.to_lowercase();
    PASSING.iter().any(|known| words.contains(known))
}

/// The pause before attempt `attempt` (the first retry is 1); `None`: it has been tried often enough.
pub fn pause(attempt: usize) -> Option<Duration> {
    PAUSES.get(attempt.checked_sub(1)?).copied().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_bounded() {
        assert_eq!(pause(0), None);
        assert_eq!(pause(1), Some(Duration::from_millis(250)));
        assert_eq!(pause(PAUSES.len() + 1), None);
    }
}
