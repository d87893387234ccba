//! Texts of scalars → values, as Compose reads them.

use std::time::Duration;

/// A boolean. The second part says that the word is one of YAML 1.1, which Compose accepts with a warning.
pub(in crate::spec) fn boolean(text: &str) -> Option<(bool, bool)> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some((true, false)),
        "false" => Some((false, false)),
        "yes" | "on" | "y" => Some((true, true)),
        "no" | "off" | "n" => Some((false, true)),
        _ => None,
    }
}

/// A whole number: decimal, `0x…`, and octal as `0o17` or, as in YAML 1.1, `017`.
pub(in crate::spec) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits) = match digits.split_at_checked(2) {
        Some(("0o", octal)) => (8, octal),
        Some(("0x", hex)) => (16, hex),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    // `from_str_radix` takes a second sign, which YAML does not.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let number = i64::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}

/// A duration as Go writes it, with days and weeks as in Compose: `1m30s`, `1.5h`, `2d`; `0` alone is allowed.
pub(in crate::spec) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut nanoseconds: f64 = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        nanoseconds += number
            * match unit {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                "d" => 24.0 * 3600e9,
                "w" => 7.0 * 24.0 * 3600e9,
                _ => return None,
            };
        rest = tail;
    }
    // A Go duration holds 63 bits of nanoseconds, and the Engine API takes no more.
    if nanoseconds > 9.2e18 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range by the check above"
    )]
    Some(Duration::from_nanos(nanoseconds.round() as u64))
}

/// A size in bytes: `64m`, `1.5GiB`, `1024`; units count in 1024 (docker/go-units `RAMInBytes`).
pub(in crate::spec) fn bytes(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let power = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(power);
    if bytes > 9.2e18 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range by the check above")]
    Some(bytes as i64)
}

/// A number of CPUs in 1e-9 CPUs.
pub(in crate::spec) fn nano_cpus(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    if !(0.0..=1e6).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range by the check above")]
    Some((number * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_is_read_in_both_spellings() {
        assert_eq!(integer("0440"), Some(0o440));
        assert_eq!(integer("0o440"), Some(0o440));
        assert_eq!(integer("-1"), Some(-1));
        assert_eq!(integer("0"), Some(0));
        assert_eq!(integer("08"), None);
        assert_eq!(integer("1.5"), None);
        for bad in ["--1", "0o-1", "-0x-8000000000000000", "", "+", "0o"] {
            assert_eq!(integer(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2d"), Some(Duration::from_secs(172_800)));
        assert_eq!(duration("0"), Some(Duration::ZERO));
        for bad in ["", "10", "s", "1x", "1m 30s", "-1s", "99999999999999h", "1..2s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_count_in_1024() {
        assert_eq!(bytes("64m"), Some(64 << 20));
        assert_eq!(bytes("1.5GiB"), Some(3 << 29));
        assert_eq!(bytes("1024"), Some(1024));
        assert_eq!(bytes("1 kb"), Some(1024));
        for bad in ["", "m", "1x", "-1", "9999999p"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_with_a_mark() {
        assert_eq!(boolean("yes"), Some((true, true)));
        assert_eq!(boolean("True"), Some((true, false)));
        assert_eq!(boolean("1"), None);
    }

    #[test]
    fn cpus_are_billionths() {
        assert_eq!(nano_cpus("0.5"), Some(500_000_000));
        assert_eq!(nano_cpus("-1"), None);
        assert_eq!(nano_cpus("nan"), None);
    }
}
