//! How long things may take, from `NESTCTL_*_TIMEOUT`. What a lab file limits (`ready_timeout`, health checks,
//! `stop_grace_period`) and what one command does (`--wait-timeout`, `--timeout`) is not here.

use std::time::Duration;

use crate::engine::limits::Limits as EngineLimits;
use crate::spec::files::Vars;
use crate::spec::text::duration;

use super::error::OpError;

/// Variable with the longest wait for the answer to a call.
pub const CALL: &str = "NESTCTL_CALL_TIMEOUT";
/// Variable with the longest time in which nothing moves within a pull or a copy.
pub const STALL: &str = "NESTCTL_STALL_TIMEOUT";
/// Variable with the time after which an engine inside a node counts as silent.
pub const ANSWER: &str = "NESTCTL_ANSWER_TIMEOUT";
/// Variable with the longest time that a hook may run.
pub const HOOK: &str = "NESTCTL_HOOK_TIMEOUT";
/// Variable with the longest wait for another run on the lab.
pub const LOCK: &str = "NESTCTL_LOCK_TIMEOUT";

/// Limits that hold for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the calls of every engine.
    pub engine: EngineLimits,
    /// How long an inner engine may take to answer when the lab is looked at before it counts as silent. It is
    /// dialled already; a daemon that serves answers within milliseconds, and a node that is booting is waited for
    /// by its own step.
    pub answer: Duration,
    /// How long a `post_start` or `pre_stop` may run; `None`: as long as it likes, as in Compose.
    pub hook: Option<Duration>,
    /// How long another run on the lab is waited for.
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            engine: EngineLimits::default(),
            answer: Duration::from_secs(3),
            hook: None,
            lock: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// As the environment has them.
    ///
    /// # Errors
    /// [`OpError::Limit`] when one of them is no duration, or is zero where nothing could be done in no time.
    pub fn of(vars: &Vars) -> Result<Self, OpError> {
        let read = |name: &'static str| -> Result<Option<Duration>, OpError> {
            let Some(text) = vars.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
            let plain = text.parse().ok().map(Duration::from_secs);
            let found = plain.or_else(|| duration::parse(text));
            let found = found.filter(|found| name == LOCK || !found.is_zero());
            found.map(Some).ok_or_else(|| OpError::Limit { name, value: text.clone() })
        };
        let default = Self::default();
        Ok(Self {
            engine: EngineLimits { call: read(CALL)?.unwrap_or(default.engine.call), stall: read(STALL)? },
            answer: read(ANSWER)?.unwrap_or(default.answer),
            hook: read(HOOK)?,
            lock: read(LOCK)?.unwrap_or(default.lock),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_in_seconds_or_with_a_unit_and_what_is_none_is_refused() {
        let read = |name: &str, value: &str| Limits::of(&Vars::from([(name.to_owned(), value.to_owned())]));
        assert_eq!(Limits::of(&Vars::new()).expect("none is set"), Limits::default());
        let seconds = |n| Duration::from_secs(n);
        assert_eq!(read(CALL, "7").expect("seconds").engine.call, seconds(7));
        assert_eq!(read(STALL, "1m30s").expect("a unit").engine.silence(), seconds(90));
        assert_eq!(read(STALL, "1m30s").expect("a unit").engine.digest(), seconds(90));
        assert_eq!(read(LOCK, "0").expect("not waited at all").lock, Duration::ZERO);
        assert_eq!(read(HOOK, "5").expect("seconds").hook, Some(seconds(5)));
        for (name, value) in [(CALL, "0"), (ANSWER, "soon"), (LOCK, "-1")] {
            assert!(matches!(read(name, value), Err(OpError::Limit { .. })), "{name}={value}");
        }
    }
}
