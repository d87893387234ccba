//! Networks as `address/prefix`.

use std::net::IpAddr;

/// Whether `text` is a network in CIDR notation.
pub(crate) fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, prefix)| {
        let limit = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        prefix.parse::<u8>().is_ok_and(|prefix| prefix <= limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_need_a_prefix_that_fits() {
        assert!(is_cidr("10.1.0.0/16"));
        assert!(is_cidr("fd00::/64"));
        assert!(!is_cidr("10.1.0.0"));
        assert!(!is_cidr("10.1.0.0/33"));
        assert!(!is_cidr("10.1/16"));
    }
}
