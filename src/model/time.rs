//! Times as engines write them.

/// Nanoseconds since 1970 of an RFC 3339 time; `None` when the text is none.
pub fn nanoseconds(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let mut date = date.split('-').map(str::parse::<i128>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (time, offset) = if let Some(time) = rest.strip_suffix(['Z', 'z']) {
        (time, 0)
    } else {
        let at = rest.rfind(['+', '-'])?;
        let (hours, minutes) = rest[at + 1..].split_once(':')?;
        let seconds = hours.parse::<i128>().ok()? * 3600 + minutes.parse::<i128>().ok()? * 60;
        (&rest[..at], if rest[at..].starts_with('-') { -seconds } else { seconds })
    };
    let mut parts = time.split(':');
    let hours: i128 = parts.next()?.parse().ok()?;
    let minutes: i128 = parts.next()?.parse().ok()?;
    let (seconds, fraction) = match parts.next()?.split_once('.') {
        Some((seconds, fraction)) => (seconds.parse::<i128>().ok()?, fraction),
        None => (time.rsplit(':').next()?.parse().ok()?, ""),
    };
    let nanos: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
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
    Some((((days * 24 + hours) * 60 + minutes) * 60 + seconds - offset) * 1_000_000_000 + nanos)
}

/// The time as the Engine API wants it in a query: seconds since 1970 with a fraction. It reads no RFC 3339.
/// `None` when the text is none.
pub fn api_seconds(text: &str) -> Option<String> {
    let nanoseconds = nanoseconds(text)?;
    let (seconds, rest) = (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    Some(format!("{seconds}.{rest:09}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_fraction_and_offset() {
        assert_eq!(nanoseconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanoseconds("2000-02-29T12:00:00.5Z"), Some(951_825_600_500_000_000));
        assert_eq!(nanoseconds("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(nanoseconds("42m"), None);
    }

    #[test]
    fn a_query_gets_seconds_with_all_nine_digits() {
        assert_eq!(api_seconds("1970-01-01T00:00:01.05Z").as_deref(), Some("1.050000000"));
        assert_eq!(api_seconds("2026-11-23T22:26:56.000000007Z").as_deref(), Some("1795472816.000000007"));
        assert_eq!(api_seconds("1795472816"), None);
    }
}
