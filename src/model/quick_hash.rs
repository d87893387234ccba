//! A fast hash for the maps of names and addresses that a plan looks things up in.
//!
//! The standard one holds against keys chosen by an enemy and takes several times as long. Here the keys are the lab
//! file's own: who writes one that is slow to plan waits for it himself.

use std::hash::{BuildHasherDefault, Hasher};

/// For `HashMap<K, V, QuickHash>`.
pub type QuickHash = BuildHasherDefault<QuickHasher>;

/// Multiplies and rotates, a word at a time (after the hash of Firefox and rustc).
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickHasher(u64);

/// An odd number without a pattern.
const FACTOR: u64 = 0xf135_7aea_2e62_a9c5;

impl QuickHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    fn finish(&self) -> u64 {
        // A product's high bits depend on all of its factor's; maps take the low ones.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn numbered_names_have_hashes_of_their_own() {
        let hash = |name: &String| QuickHash::default().hash_one(name);
        let names: Vec<String> = (0..10_000).map(|n| format!("service-{n}")).collect();
        let all: HashSet<u64> = names.iter().map(hash).collect();
        assert_eq!(all.len(), names.len());
        let slots: HashSet<u64> = names.iter().map(|name| hash(name) % 16_384).collect();
        assert!(slots.len() > 7_000, "{} slots of 16384 for 10000 names", slots.len());
    }
}
