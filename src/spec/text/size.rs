//! Sizes in bytes, `64m`, and parts of CPUs, `0.5`.

/// Reads a number of bytes (docker/go-units `RAMInBytes`: powers of 1024 whatever the spelling).
pub(crate) fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let unit = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(unit);
    let shift = ["", "k", "m", "g", "t", "p"].iter().position(|name| *name == unit)?;
    let factor = 1_i64 << (10 * shift);
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(factor);
    }
    let number: f64 = number.parse().ok()?;
    // Exact up to 2^53; a fraction of a byte is cut off, as Docker does.
    #[expect(clippy::cast_precision_loss, reason = "factors are powers of two")]
    let value = number * factor as f64;
    #[expect(clippy::cast_possible_truncation, reason = "compared with the limit first")]
    if value < 9.2e18 { Some(value as i64) } else { None }
}

/// Reads a number of CPUs as 1e-9 CPUs; at most nine digits of fraction count.
pub(crate) fn nano_cpus(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i64 = format!("{fraction:0<9}")[..9].parse().ok()?;
    whole.checked_mul(1_000_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(bytes("64m"), Some(64 << 20));
        assert_eq!(bytes("1.5 GB"), Some(3 << 29));
        assert_eq!(bytes("2KiB"), Some(2048));
        assert_eq!(bytes("1024"), Some(1024));
        assert_eq!(bytes("10b"), Some(10));
        for bad in ["", "m", "12x", "-1m", "9999999999g"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn cpus_are_exact() {
        assert_eq!(nano_cpus("0.1"), Some(100_000_000));
        assert_eq!(nano_cpus("2"), Some(2_000_000_000));
        assert_eq!(nano_cpus(".5"), Some(500_000_000));
        assert_eq!(nano_cpus("1.2345678912"), Some(1_234_567_891));
        assert_eq!(nano_cpus("1e3"), None);
        assert_eq!(nano_cpus("."), None);
    }
}
