//! Durations and sizes as people read them.

use std::time::{Duration, SystemTime};

/// `0.3s`, `12.4s`, `2m05s`, `1h02m`.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `12 s`, `3 min`, `5 h`, `2 days`: how long ago `then` (seconds since 1970) was.
pub fn age(then: i64, now: SystemTime) -> String {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = now.saturating_sub(u64::try_from(then).unwrap_or(0));
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `512 B`, `3.4 MB`: powers of ten, as Docker shows sizes.
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes;
    let mut unit = 0;
    while scaled >= 1_000_000 && unit + 1 < units.len() {
        scaled /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", scaled / 1000, scaled % 1000 / 100, units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_short() {
        assert_eq!(short(Duration::from_millis(340)), "0.3s");
        assert_eq!(short(Duration::from_secs(125)), "2m05s");
        assert_eq!(short(Duration::from_secs(3720)), "1h02m");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(3_450_000), "3.4 MB");
        assert_eq!(size(12_000), "12.0 kB");
        assert_eq!(size(10_000_000_000), "10.0 GB");
        assert_eq!(age(0, SystemTime::UNIX_EPOCH + Duration::from_secs(200_000)), "2 days");
    }
}
