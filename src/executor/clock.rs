//! Times as engines write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long ago an RFC 3339 time was, by this machine's clock. `None` for a text that is not one, for the zero
/// time of the Engine API (`0001-01-01T00:00:00Z`: never), and for a time that lies ahead (two clocks differ).
pub(super) fn age(time: &str) -> Option<Duration> {
    let then = unix_seconds(time).filter(|seconds| *seconds > 0.0)?;
    let now = now().duration_since(UNIX_EPOCH).ok()?;
    Duration::try_from_secs_f64(now.as_secs_f64() - then).ok()
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

/// Seconds since 1970 of an RFC 3339 time.
fn unix_seconds(time: &str) -> Option<f64> {
    let (date, rest) = time.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let mut date = date.split('-');
    let (year, month, day) = (number(date.next()?)?, number(date.next()?)?, number(date.next()?)?);
    let (clock, zone) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => return None,
    };
    let offset = match zone.as_bytes().first()? {
        b'Z' | b'z' => 0,
        sign => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let seconds = number(hours)? * 3600 + number(minutes)? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, format!("0.{fraction}").parse::<f64>().ok()?),
        None => (clock, 0.0),
    };
    let mut clock = clock.split(':');
    let (hour, minute, second) = (number(clock.next()?)?, number(clock.next()?)?, number(clock.next()?)?);
    let days = days_since_1970(year, month, day);
    let whole = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    #[expect(clippy::cast_precision_loss, reason = "seconds of our age fit a double's 53 bits")]
    Some(whole as f64 + fraction)
}

fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Days from 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_engines_are_read_to_the_fraction() {
        assert_eq!(unix_seconds("1970-01-01T00:00:01Z"), Some(1.0));
        assert_eq!(unix_seconds("2024-02-29T12:00:00.5Z"), Some(1_709_208_000.5));
        assert_eq!(unix_seconds("2024-02-29T14:30:00+02:30"), Some(1_709_208_000.0));
        assert_eq!(unix_seconds("2026-11-23T21:12:00.123456789Z").map(f64::floor), Some(1_795_468_320.0));
        assert_eq!(unix_seconds("yesterday"), None);
        assert_eq!(unix_seconds(""), None);
    }

    #[test]
    fn never_and_the_future_have_no_age() {
        assert_eq!(age("0001-01-01T00:00:00Z"), None);
        assert_eq!(age("2999-01-01T00:00:00Z"), None);
        assert!(age("2020-01-01T00:00:00Z").is_some_and(|age| age > Duration::from_secs(3600)));
    }
}
