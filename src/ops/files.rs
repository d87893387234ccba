//! Lab files on the disk and on standard input.

use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

use crate::spec::files::Files;

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// The disk, and standard input under the path `-`, which is read once, when it is first asked for.
#[derive(Debug, Default)]
pub struct DiskFiles {
    stdin: OnceLock<Vec<u8>>,
}

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path != Path::new(STDIN) {
            return std::fs::read(path);
        }
        if let Some(text) = self.stdin.get() {
            return Ok(text.clone());
        }
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text)?;
        Ok(self.stdin.get_or_init(|| text).clone())
    }

    fn exists(&self, path: &Path) -> bool {
        path == Path::new(STDIN) || path.exists()
    }
}
