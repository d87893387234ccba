//! The address before each line of a log.

use std::collections::BTreeMap;

use crate::model::addr::Addr;

use super::style::{Style, Symbol};
use super::width::{pad, width};

/// Prefixes of equal width, each address with a colour of its own.
#[derive(Clone, Debug)]
pub struct LogPrefix {
    by_addr: BTreeMap<Addr, String>,
    columns: usize,
    style: Style,
}

impl LogPrefix {
    /// Prefixes for these addresses.
    pub fn new(addrs: &[Addr], style: Style) -> Self {
        let columns = addrs.iter().map(|addr| width(&addr.to_string())).max().unwrap_or(0);
        let mut out = Self { by_addr: BTreeMap::new(), columns, style };
        for addr in addrs {
            out.meet(addr);
        }
        out
    }

    /// Gives a prefix to an address that came later.
    pub fn meet(&mut self, addr: &Addr) {
        if !self.by_addr.contains_key(addr) {
            let gutter = self.style.symbol(Symbol::Gutter);
            let text = format!("{} {gutter} ", pad(&addr.to_string(), self.columns));
            self.by_addr.insert(addr.clone(), self.style.paint_by_index(self.by_addr.len(), &text));
        }
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
        let mut prefix = prefix;
        let late: Addr = "db".parse().expect("an address");
        prefix.meet(&late);
        assert_eq!(prefix.of(&late), "db      | ");
    }
}
