//! The address before each line of a log.

use std::collections::BTreeMap;

use crate::model::addr::Addr;

use super::style::{Style, Symbol};
use super::width::{pad, width};

/// Prefixes of equal width, each address with a colour of its own.
#[derive(Clone, Debug)]
pub struct LogPrefix {
    by_addr: BTreeMap<Addr, String>,
}

impl LogPrefix {
    /// Prefixes for these addresses.
    pub fn new(addrs: &[Addr], style: Style) -> Self {
        let columns = addrs.iter().map(|addr| width(&addr.to_string())).max().unwrap_or(0);
        let prefix = |(i, addr): (usize, &Addr)| {
            let text = format!("{} {} ", pad(&addr.to_string(), columns), style.symbol(Symbol::Gutter));
            (addr.clone(), style.paint_by_index(i, &text))
        };
        Self { by_addr: addrs.iter().enumerate().map(prefix).collect() }
    }

    /// The prefix of `addr`; empty for an address that was not given.
    pub fn of(&self, addr: &Addr) -> &str {
        self.by_addr.get(addr).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_equally_wide() {
        let addrs: Vec<Addr> = ["vm1", "vm1/web"].map(|text| text.parse().expect("an address")).to_vec();
        let prefix = LogPrefix::new(&addrs, Style::PLAIN);
        assert_eq!(prefix.of(&addrs[0]), "vm1     | ");
        assert_eq!(prefix.of(&addrs[1]), "vm1/web | ");
    }
}
