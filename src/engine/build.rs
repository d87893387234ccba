//! What a build asks of the engine and of the user's machine.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::model::build::{BuildNote, BuildSpec};

/// A build to carry out. Every context is a directory or an address by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// What is asked for.
    pub spec: BuildSpec,
    /// The image's names, the first one before the others.
    pub names: Vec<String>,
    /// `os/arch`; `None`: the engine's own.
    pub platform: Option<String>,
}

/// Told of what happens in a build, in its order.
pub type BuildNotes = Arc<dyn Fn(BuildNote) + Send + Sync>;

/// Reads the user's files for a build. Every call blocks.
pub trait BuildFiles: Send + Sync {
    /// What a directory holds, in the order of names.
    fn list(&self, directory: &Path) -> io::Result<Vec<FileEntry>>;
    /// What stands at a path itself: links are not followed.
    fn entry(&self, path: &Path) -> io::Result<FileEntry>;
    /// Opens a file.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;
}

/// A file, directory or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name in its directory.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits, with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Time of its last change, in nanoseconds since 1970.
    pub modified: i64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, and where it points.
    Link(String),
    /// A socket, a pipe, a device: no build gets it.
    Other,
}
