//! The files of the user's machine, from its disk.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc::{Sender, channel};

use crate::engine::build::{BuildFiles, FileEntry, FileKind};
use crate::engine::engine::ByteStream;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::transfer::host_files::HostFiles;
use crate::transfer::tree_digest::TreeDigest;

/// Size of a piece of the archive.
const PIECE: usize = 64 * 1024;
/// Pieces between the disk and the engine.
const PIECES_AHEAD: usize = 4;

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl HostFiles for DiskFiles {
    /// Must be called on a tokio runtime: the disk is read on a thread of its own, no faster than the engine takes
    /// what it reads.
    fn tree(&self, path: &Path, name: &str) -> io::Result<ByteStream> {
        // What is not there is said before the engine is called.
        fs::symlink_metadata(path)?;
        let (sender, receiver) = channel(PIECES_AHEAD);
        let (path, name) = (path.to_owned(), name.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut builder = tar::Builder::new(Pieces { sender: sender.clone(), piece: Vec::new() });
            let packed = pack(&mut builder, &path, &PathBuf::from(name));
            let packed = packed.and_then(|()| builder.into_inner()?.flush());
            if let Err(error) = packed {
                let target = path.display().to_string();
                let error = EngineError::new("read files", target, FailureKind::Engine, error.to_string());
                // Nobody reads any more where this fails.
                let _ = sender.blocking_send(Err(error));
            }
        });
        let pieces = stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        Ok(pieces.boxed())
    }

    fn digest(&self, path: &Path) -> io::Result<String> {
        let mut digest = TreeDigest::new();
        add_up(&mut digest, path, Path::new(""))?;
        Ok(digest.finish())
    }
}

impl BuildFiles for DiskFiles {
    fn list(&self, directory: &Path) -> io::Result<Vec<FileEntry>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(directory)? {
            out.push(self.entry(&entry?.path())?);
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    fn entry(&self, path: &Path) -> io::Result<FileEntry> {
        let found = fs::symlink_metadata(path)?;
        let kind = if found.is_symlink() {
            FileKind::Link(fs::read_link(path)?.to_string_lossy().into_owned())
        } else if found.is_dir() {
            FileKind::Directory
        } else if found.is_file() {
            FileKind::File
        } else {
            FileKind::Other
        };
        Ok(FileEntry {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            kind,
            mode: found.permissions().mode() & 0o7777,
            size: found.len(),
            modified: found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec()),
        })
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(path)?))
    }
}

/// Writes into a channel, a piece at a time.
struct Pieces {
    sender: Sender<Result<Bytes, EngineError>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// What a path is, as far as it is sent.
enum Kind {
    Directory,
    File,
    Link(PathBuf),
    /// A socket, a pipe, a device: it means nothing in another place.
    Other,
}

fn kind(path: &Path, metadata: &Metadata) -> io::Result<Kind> {
    let kind = metadata.file_type();
    Ok(if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() {
        Kind::File
    } else if kind.is_symlink() {
        Kind::Link(fs::read_link(path)?)
    } else {
        Kind::Other
    })
}

/// What is in a directory, in the order of the names' bytes.
fn children(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = fs::read_dir(path)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
        })
        .map_err(|error| said_of(path, &error))?;
    names.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    Ok(names)
}

fn below(name: &Path, child: &Path) -> PathBuf {
    name.join(child.file_name().unwrap_or_default())
}

fn pack(builder: &mut tar::Builder<Pieces>, path: &Path, name: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path).map_err(|error| said_of(path, &error))?;
    let mut header = tar::Header::new_gnu();
    header.set_mode(metadata.permissions().mode() & 0o7777);
    header.set_uid(metadata.uid().into());
    header.set_gid(metadata.gid().into());
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_size(0);
    match kind(path, &metadata)? {
        Kind::Other => Ok(()),
        Kind::Link(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            builder.append_link(&mut header, name, target)
        }
        Kind::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            builder.append_data(&mut header, name, io::empty())?;
            children(path)?.iter().try_for_each(|child| pack(builder, child, &below(name, child)))
        }
        Kind::File => {
            let file = File::open(path).map_err(|error| said_of(path, &error))?;
            header.set_size(metadata.len());
            // The header has promised a size: what grows is cut, what shrinks breaks the archive.
            let mut content = Exactly { file, left: metadata.len() };
            builder.append_data(&mut header, name, &mut content).map_err(|error| said_of(path, &error))
        }
    }
}

/// Reads as many bytes of a file as were promised, or fails.
struct Exactly {
    file: File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.file.read(&mut buffer[..most])?;
        if n == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read"));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

fn add_up(digest: &mut TreeDigest, path: &Path, name: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path).map_err(|error| said_of(path, &error))?;
    let mode = metadata.permissions().mode();
    let bytes = name.as_os_str().as_bytes();
    match kind(path, &metadata)? {
        Kind::Other => Ok(()),
        Kind::Link(target) => {
            digest.link(bytes, target.as_os_str().as_bytes());
            Ok(())
        }
        Kind::File => {
            let mut file = File::open(path).map_err(|error| said_of(path, &error))?;
            digest.file(bytes, mode, &mut file).map_err(|error| said_of(path, &error))
        }
        Kind::Directory => {
            digest.directory(bytes, mode);
            children(path)?.iter().try_for_each(|child| add_up(digest, child, &below(name, child)))
        }
    }
}

/// An error with the path that it is about, which `std` leaves out.
fn said_of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
