//! The address pool of an inner engine.

use std::net::Ipv4Addr;

use super::kind::NodeInput;

/// A range of IPv4 addresses and how an engine cuts it into networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AddressPool {
    base: Ipv4Addr,
    prefix: u8,
}

/// The narrowest pool: two networks of eight addresses.
const NARROWEST: u8 = 28;

impl AddressPool {
    /// Reads `10.201.0.0/16`. `Err` says what is wrong, as the end of a sentence that begins with the text.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let wrong = "is not an IPv4 range such as `10.201.0.0/16`";
        let (base, prefix) = text.split_once('/').ok_or(wrong)?;
        let base: Ipv4Addr = base.parse().map_err(|_| wrong)?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong)?;
        if prefix == 0 || prefix > 32 {
            return Err(wrong);
        }
        if prefix > NARROWEST {
            return Err("is too narrow: two networks need a `/28` at least");
        }
        if base.to_bits() & (u32::MAX >> prefix) != 0 {
            return Err("has bits set behind its prefix");
        }
        Ok(Self { base, prefix })
    }

    /// The pool of a node: the file's, else the planner's.
    pub(super) fn of(input: &NodeInput) -> Option<Self> {
        let text = input.options.address_pool.as_ref().map(|pool| pool.value.as_str()).or(input.pool)?;
        Self::parse(text).ok()
    }

    /// Prefix length of each network cut from it: 24, as Docker users know it, or what leaves sixteen networks in
    /// a narrower pool.
    pub(super) fn size(self) -> u8 {
        (self.prefix + 4).clamp(24, 29)
    }

    /// The range as text.
    pub(super) fn base(self) -> String {
        format!("{}/{}", self.base, self.prefix)
    }

    /// The first network as text: that of the engine's default bridge.
    pub(super) fn first_network(self) -> String {
        format!("{}/{}", self.base, self.size())
    }

    /// The first address of the first network, with that network's prefix length.
    pub(super) fn bridge_address(self) -> String {
        format!("{}/{}", Ipv4Addr::from_bits(self.base.to_bits() + 1), self.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, spanned};

    #[test]
    fn the_bridge_takes_the_first_network_of_the_pool() {
        let pool = AddressPool::parse("10.201.0.0/16").expect("a pool");
        assert_eq!((pool.base(), pool.size()), ("10.201.0.0/16".to_owned(), 24));
        assert_eq!(pool.bridge_address(), "10.201.0.1/24");
        assert_eq!(pool.first_network(), "10.201.0.0/24");
    }

    #[test]
    fn a_narrow_pool_still_has_more_than_one_network() {
        for (text, size) in
            [("10.0.0.0/20", 24), ("10.0.0.0/22", 26), ("10.0.0.0/24", 28), ("10.0.0.0/28", 29)]
        {
            let pool = AddressPool::parse(text).expect("a pool");
            assert_eq!(pool.size(), size, "{text}");
        }
    }

    #[test]
    fn what_is_no_pool_is_told() {
        for text in ["", "10.0.0.0", "10.0.0/8", "10.0.0.0/33", "0.0.0.0/0", "fd00::/64", "10.0.0.0/x"] {
            assert_eq!(
                AddressPool::parse(text),
                Err("is not an IPv4 range such as `10.201.0.0/16`"),
                "{text}"
            );
        }
        assert!(AddressPool::parse("10.0.0.1/24").is_err_and(|why| why.contains("bits set")));
        assert!(AddressPool::parse("10.0.0.0/29").is_err_and(|why| why.contains("narrow")));
    }

    #[test]
    fn the_pool_of_the_file_wins() {
        let mut node = Node { pool: Some("10.1.0.0/16"), ..Node::default() };
        assert_eq!(AddressPool::of(&node.input()).map(AddressPool::base).as_deref(), Some("10.1.0.0/16"));
        node.options.address_pool = Some(spanned("10.2.0.0/16"));
        assert_eq!(AddressPool::of(&node.input()).map(AddressPool::base).as_deref(), Some("10.2.0.0/16"));
    }
}
