//! Address pools of inner engines: none overlaps what is around it.
//!
//! Each daemon knows only its own routes (ENGINES.md P9), so nestctl gives every node a /16 of its own kind.

use std::net::Ipv4Addr;

/// An IPv4 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: u32,
    bits: u32,
}

impl Cidr {
    /// Reads `10.0.0.0/8` or a single address. `None` for anything else (IPv6).
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
        Some(Self { address: u32::from(address), bits })
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        let bits = self.bits.min(other.bits);
        bits == 0 || (self.address ^ other.address) >> (32 - bits) == 0
    }
}

/// The pools that are tried, in this order. 10.201-254: above what clouds and offices usually hand out, and
/// outside Docker's own 172.16/12 and 192.168/16.
fn candidates() -> impl Iterator<Item = String> {
    (201..=254).map(|second| format!("10.{second}.0.0/16"))
}

/// The first pool that overlaps nothing of `taken`; `None` when there is none left.
pub fn choose(taken: &[Cidr]) -> Option<String> {
    candidates().find(|pool| {
        let pool = Cidr::parse(pool).expect("a candidate is a network");
        !taken.iter().any(|other| pool.overlaps(*other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(texts: &[&str]) -> Vec<Cidr> {
        texts.iter().filter_map(|text| Cidr::parse(text)).collect()
    }

    #[test]
    fn the_first_pool_that_overlaps_nothing_is_taken() {
        assert_eq!(choose(&[]).as_deref(), Some("10.201.0.0/16"));
        assert_eq!(choose(&taken(&["10.201.3.0/24", "10.202.0.53"])).as_deref(), Some("10.203.0.0/16"));
        assert_eq!(choose(&taken(&["10.0.0.0/8"])), None);
        assert_eq!(choose(&taken(&["172.17.0.0/16", "fd00::/8"])).as_deref(), Some("10.201.0.0/16"));
    }
}
