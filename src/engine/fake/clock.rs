//! Time on the fake: every change is one second after the one before.

/// 2026-01-01T00:00:00Z in seconds since 1970.
pub(super) const BASE: i64 = 1_767_225_600;

/// RFC 3339 of seconds since 1970.
pub(super) fn rfc3339(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's `civil_from_days`.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// Seconds since 1970 of what [`rfc3339`] wrote, or of a number.
pub(super) fn parse(text: &str, now: i64) -> Option<i64> {
    if let Ok(seconds) = text.split('.').next().unwrap_or(text).parse() {
        return Some(seconds);
    }
    // The clock only ever gives out whole seconds from BASE to now.
    (BASE..=now).find(|seconds| rfc3339(*seconds) == text)
}

/// As [`parse`], of the start of a span: what is at whole seconds is in it from the next one on.
pub(super) fn parse_start(text: &str, now: i64) -> Option<i64> {
    let is_between = text.split_once('.').is_some_and(|(_, rest)| rest.bytes().any(|digit| digit != b'0'));
    Some(parse(text, now)? + i64::from(is_between && !text.contains('T')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_engine_does_and_read_again() {
        assert_eq!(rfc3339(BASE), "2026-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(parse(&rfc3339(BASE + 70), BASE + 100), Some(BASE + 70));
        assert_eq!(parse("1767225601.5", BASE), Some(BASE + 1));
        assert_eq!(parse_start("1767225601.5", BASE), Some(BASE + 2));
        assert_eq!(parse_start("1767225601.000000000", BASE), Some(BASE + 1));
    }
}
