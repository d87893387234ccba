//! How long ago something was.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::time::nanoseconds;

/// How long ago an RFC 3339 time was, by this machine's clock. `None` for a text that is not one, for the zero
/// time of the Engine API (`0001-01-01T00:00:00Z`: never), and for a time that lies ahead (two clocks differ).
pub(super) fn age(time: &str) -> Option<Duration> {
    let then = nanoseconds(time).filter(|nanoseconds| *nanoseconds > 0)?;
    let now = i128::try_from(now().duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()?;
    u64::try_from(now - then).ok().map(Duration::from_nanos)
}

#[cfg(not(test))]
fn now() -> SystemTime {
    SystemTime::now()
}

/// The fake engine's clock begins with the year 2026 and goes on by calls, so in tests it is then.
#[cfg(test)]
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_and_the_future_have_no_age() {
        assert_eq!(age("0001-01-01T00:00:00Z"), None);
        assert_eq!(age("2999-01-01T00:00:00Z"), None);
        assert!(age("2020-01-01T00:00:00Z").is_some_and(|age| age > Duration::from_secs(3600)));
    }
}
