//! Durations as Compose writes them: `1m30s`, `2.5s`, `500ms`.

use std::time::Duration;

/// Units in nanoseconds (Go's `time.ParseDuration`, and `d` and `w` as Compose adds them).
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
    ("w", 604_800e9),
];

/// Reads a duration; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == &rest[..end])?;
        total += value * unit;
        rest = &rest[end..];
    }
    // A few thousand years are the limit of what an engine's 64-bit nanoseconds hold.
    (total < 9.2e18).then(|| Duration::try_from_secs_f64(total / 1e9).ok())?
}

/// The text that Go makes of a duration (`time.Duration.String`): `1h0m0s`, `1m30s`, `1.5s`, `20ms`.
pub(crate) fn go(value: Duration) -> String {
    let fraction = |whole: u128, rest: u128, width: usize, unit: &str| {
        let digits = format!("{rest:0width$}");
        match digits.trim_end_matches('0') {
            "" => format!("{whole}{unit}"),
            digits => format!("{whole}.{digits}{unit}"),
        }
    };
    let nanos = value.as_nanos();
    match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => return format!("{nanos}ns"),
        1_000..1_000_000 => return fraction(nanos / 1_000, nanos % 1_000, 3, "µs"),
        1_000_000..1_000_000_000 => return fraction(nanos / 1_000_000, nanos % 1_000_000, 6, "ms"),
        _ => {}
    }
    let seconds = value.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = fraction(u128::from(seconds % 60), u128::from(value.subsec_nanos()), 9, "s");
    match (hours, minutes) {
        (0, 0) => rest,
        (0, minutes) => format!("{minutes}m{rest}"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (text, wanted) in [
            ("0", "0s"),
            ("90s", "1m30s"),
            ("1h", "1h0m0s"),
            ("1500ms", "1.5s"),
            ("20ms", "20ms"),
            ("1500us", "1.5ms"),
            ("1us", "1µs"),
            ("1d", "24h0m0s"),
            ("61.25s", "1m1.25s"),
        ] {
            assert_eq!(parse(text).map(go).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn durations_add_up() {
        assert_eq!(parse("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("2.5s"), Some(Duration::from_millis(2500)));
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("0"), Some(Duration::ZERO));
    }

    #[test]
    fn a_number_without_unit_is_no_duration() {
        for bad in ["30", "", "s", "1x", "-1s", "1.2.3s", "99999999w", "1s 2"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
