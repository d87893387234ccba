//! Times as engines write them (RFC 3339) and as they are asked for (seconds since 1970).

const SECOND: i128 = 1_000_000_000;

/// Nanoseconds since 1970 of an RFC 3339 time; `None` when the text is none.
pub fn nanoseconds(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, offset) = if let Some(time) = rest.strip_suffix(['Z', 'z']) {
        (time, 0)
    } else {
        let at = rest.rfind(['+', '-'])?;
        let (hours, minutes) = rest[at + 1..].split_once(':')?;
        let seconds = digits(hours)? * 3600 + digits(minutes)? * 60;
        (&rest[..at], if rest[at..].starts_with('-') { -seconds } else { seconds })
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.split(':').map(digits);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let nanos = digits(format!("{fraction:0<9}").get(..9)?)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Some((((days * 24 + hours) * 60 + minutes) * 60 + seconds - offset) * SECOND + nanos)
}

/// Nanoseconds since 1970 as the Engine API takes a time: seconds with a fraction. It does not read RFC 3339;
/// Docker's own client translates, too.
pub fn api_seconds(nanoseconds: i128) -> String {
    format!("{}.{:09}", nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND))
}

fn digits(text: &str) -> Option<i128> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_fraction_and_offset() {
        assert_eq!(nanoseconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanoseconds("1970-01-01T00:00:01Z"), Some(SECOND));
        assert_eq!(nanoseconds("2000-02-29T12:00:00.5Z"), Some(951_825_600_500_000_000));
        assert_eq!(nanoseconds("2024-02-29T14:30:00+02:30"), Some(1_709_208_000 * SECOND));
        assert_eq!(nanoseconds("2026-11-23T21:12:00.123456789Z"), Some(1_795_468_320_123_456_789));
        assert_eq!(nanoseconds("1970-01-01T02:00:00+02:00"), Some(0));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in ["", "42m", "yesterday", "2026-11-23", "2026-11-23T10:00", "1700000000.5", "a-b-cT1:2:3Z"]
        {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_for_the_api_keep_the_fraction() {
        assert_eq!(api_seconds(951_825_600_500_000_000), "951825600.500000000");
        assert_eq!(api_seconds(17 * SECOND), "17.000000000");
    }
}
