//! IP networks as `address/prefix`.

use std::net::IpAddr;

/// A network of IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNetwork {
    address: u128,
    /// Bits of the prefix, counted from the top of 128.
    bits: u32,
    v6: bool,
}

/// An address as 128 bits, those of IPv4 at the top.
fn wide(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, false),
        IpAddr::V6(v6) => (u128::from(v6), true),
    }
}

impl IpNetwork {
    /// Reads `10.1.0.0/16` or `fd00::/64`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, v6) = wide(address.parse().ok()?);
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= if v6 { 128 } else { 32 })?;
        Some(Self { address, bits, v6 })
    }

    /// Whether `address` lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let (address, v6) = wide(address);
        self.v6 == v6 && same_prefix(self.address, address, self.bits)
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.v6 == other.v6 && same_prefix(self.address, other.address, self.bits.min(other.bits))
    }

    /// Whether all of `other` lies in it.
    pub fn holds(self, other: Self) -> bool {
        self.bits <= other.bits && self.overlaps(other)
    }

    /// Whether it is of IPv6.
    pub const fn is_v6(self) -> bool {
        self.v6
    }
}

fn same_prefix(a: u128, b: u128, bits: u32) -> bool {
    bits == 0 || (a ^ b) >> (128 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNetwork {
        IpNetwork::parse(text).expect("a network")
    }

    #[test]
    fn addresses_lie_in_networks_of_their_own_family() {
        let inside =
            |network: &str, address: &str| net(network).contains(address.parse().expect("an address"));
        assert!(inside("10.1.0.0/16", "10.1.255.3"));
        assert!(!inside("10.1.0.0/16", "10.2.0.1"));
        assert!(inside("fd00::/64", "fd00::9"));
        assert!(!inside("::/0", "10.1.0.1"));
        assert!(inside("0.0.0.0/0", "10.1.0.1"));
    }

    #[test]
    fn networks_overlap_where_one_holds_the_other() {
        assert!(net("10.0.0.0/8").overlaps(net("10.9.0.0/16")));
        assert!(net("10.0.0.0/8").holds(net("10.9.0.0/16")));
        assert!(!net("10.9.0.0/16").holds(net("10.0.0.0/8")));
        assert!(!net("10.1.0.0/16").overlaps(net("10.2.0.0/16")));
        assert!(!net("10.1.0.0/16").overlaps(net("fd00::/8")));
        for bad in ["10.1.0.0", "10.1.0.0/33", "10.1/16", "fd00::/129", ""] {
            assert_eq!(IpNetwork::parse(bad), None, "{bad}");
        }
    }
}
