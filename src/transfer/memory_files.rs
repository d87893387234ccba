//! Files in memory, for tests of whoever sends files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::build::{BuildFiles, FileEntry, FileKind};
use crate::engine::engine::ByteStream;

use super::host_files::HostFiles;
use super::stream::from_memory;
use super::tree_digest::TreeDigest;

/// Files by absolute path; directories are where files are.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
}

impl MemoryFiles {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a file.
    #[must_use]
    pub fn with(mut self, path: &str, mode: u32, content: &str) -> Self {
        self.files.insert(PathBuf::from(path), (mode, content.as_bytes().to_vec()));
        self
    }

    /// The files at or below a path, with their path from there.
    fn below(&self, path: &Path) -> io::Result<Vec<(String, u32, &[u8])>> {
        let found: Vec<_> = self
            .files
            .iter()
            .filter_map(|(file, (mode, content))| {
                let rest = file.strip_prefix(path).ok()?;
                Some((rest.display().to_string(), *mode, content.as_slice()))
            })
            .collect();
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }
}

impl HostFiles for MemoryFiles {
    fn tree(&self, path: &Path, name: &str) -> io::Result<ByteStream> {
        let mut builder = tar::Builder::new(Vec::new());
        for (rest, mode, content) in self.below(path)? {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            let entry = if rest.is_empty() { name.to_owned() } else { format!("{name}/{rest}") };
            builder.append_data(&mut header, entry, content)?;
        }
        Ok(from_memory(builder.into_inner()?))
    }

    fn digest(&self, path: &Path) -> io::Result<String> {
        let mut digest = TreeDigest::new();
        for (rest, mode, mut content) in self.below(path)? {
            digest.file(rest.as_bytes(), mode, &mut content)?;
        }
        Ok(digest.finish())
    }
}

impl BuildFiles for MemoryFiles {
    fn list(&self, directory: &Path) -> io::Result<Vec<FileEntry>> {
        let mut names: Vec<String> = Vec::new();
        for (rest, ..) in self.below(directory)? {
            let name = rest.split('/').next().unwrap_or_default().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort();
        names.iter().map(|name| self.entry(&directory.join(name))).collect()
    }

    fn entry(&self, path: &Path) -> io::Result<FileEntry> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let entry = |kind, mode, size| FileEntry { name, kind, mode, size, modified: 0 };
        match self.files.get(path) {
            Some((mode, content)) => Ok(entry(FileKind::File, *mode, content.len() as u64)),
            None => self.below(path).map(|_| entry(FileKind::Directory, 0o755, 0)),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read + Send>> {
        let (_, content) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(content.clone())))
    }
}
