//! The digest of a tree of files.

use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Adds up a tree, entry by entry. The caller sorts: names within a directory by bytes, a directory before what is
/// in it.
#[derive(Default)]
pub struct TreeDigest {
    hasher: Sha256,
}

impl TreeDigest {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory, by its path below the top (empty for the top itself).
    pub fn directory(&mut self, name: &[u8], mode: u32) {
        self.begin(b'd', name, mode);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, name: &[u8], target: &[u8]) {
        // A link's own mode means nothing.
        self.begin(b'l', name, 0);
        self.text(target);
    }

    /// Adds a file.
    pub fn file(&mut self, name: &[u8], mode: u32, content: &mut dyn Read) -> io::Result<()> {
        self.begin(b'f', name, mode);
        // The content is hashed apart, so that its length need not be known before.
        let mut inner = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => inner.update(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.hasher.update(inner.finalize());
        Ok(())
    }

    /// The digest in hexadecimal.
    pub fn finish(self) -> String {
        self.hasher.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn begin(&mut self, kind: u8, name: &[u8], mode: u32) {
        self.hasher.update([kind]);
        self.hasher.update((mode & 0o7777).to_be_bytes());
        self.text(name);
    }

    /// With its length before it, so that two texts cannot be taken for two others.
    fn text(&mut self, text: &[u8]) {
        self.hasher.update((text.len() as u64).to_be_bytes());
        self.hasher.update(text);
    }
}
