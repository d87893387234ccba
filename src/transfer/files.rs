//! Putting files into a container.

use std::io::Read;
use std::path::Path;

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::files::{Existing, PutFile};

use super::host_files::HostFiles;
use super::merge::{append, merge_json};
use super::stream::{from_memory, to_memory};

const OP: &str = "put files";
/// The largest file of an image that is merged or appended to, in bytes.
const LARGEST_EXISTING: usize = 16 << 20;
/// Symbolic links that are followed to such a file.
const MOST_LINKS: usize = 8;

/// Puts files into a container, running or not, in one archive.
///
/// The archive has no entries for directories: the engine makes those that are missing as root's with mode 0755
/// and leaves the others as they are, while an entry would change the mode of `/tmp` or `/root` (measured,
/// Docker 26.1.5).
pub async fn put_files(engine: &dyn Engine, container: &str, files: &[PutFile]) -> Result<(), EngineError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let (path, content) = final_content(engine, container, file).await?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(file.mode);
        header.set_uid(file.uid.into());
        header.set_gid(file.gid.into());
        header.set_mtime(0);
        let name = path.trim_start_matches('/');
        builder
            .append_data(&mut header, name, content.as_slice())
            .map_err(|error| failed(container, &path, &error))?;
    }
    let archive = builder.into_inner().map_err(|error| failed(container, "", &error))?;
    engine.put(container, "/", from_memory(archive)).await
}

/// Puts a file or directory of the user's machine into a container at an absolute path.
pub async fn put_tree(
    engine: &dyn Engine,
    container: &str,
    host: &dyn HostFiles,
    from: &Path,
    to: &str,
) -> Result<(), EngineError> {
    let name = to.trim_matches('/');
    let archive = host.tree(from, name).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => FailureKind::NotFound,
            _ => FailureKind::Engine,
        };
        EngineError::new("read files", from.display().to_string(), kind, error.to_string())
    })?;
    engine.put(container, "/", archive).await
}

/// Where a file goes and what is in it, after what the container has there was taken into account.
async fn final_content(
    engine: &dyn Engine,
    container: &str,
    file: &PutFile,
) -> Result<(String, Vec<u8>), EngineError> {
    if file.existing == Existing::Replace {
        return Ok((file.path.clone(), file.content.to_vec()));
    }
    let (path, old) = existing(engine, container, &file.path).await?;
    let Some(old) = old else { return Ok((path, file.content.to_vec())) };
    let content = match file.existing {
        Existing::MergeJson => merge_json(&old, &file.content).map_err(|why| {
            EngineError::new(OP, container, FailureKind::Engine, format!("`{path}` cannot be merged: {why}"))
        })?,
        Existing::Append => append(&old, &file.content),
        Existing::Replace => file.content.to_vec(),
    };
    Ok((path, content))
}

/// What a container has at a path, and where that really is when links lead away from it.
async fn existing(
    engine: &dyn Engine,
    container: &str,
    path: &str,
) -> Result<(String, Option<Vec<u8>>), EngineError> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let archive = match engine.get(container, &path).await {
            Ok(archive) => archive,
            Err(error) if error.kind == FailureKind::NotFound => return Ok((path, None)),
            Err(error) => return Err(error),
        };
        let bytes = to_memory(archive, LARGEST_EXISTING, OP, container).await?;
        match first_entry(&bytes).map_err(|error| failed(container, &path, &error))? {
            Entry::File(content) => return Ok((path, Some(content))),
            Entry::Link(target) => path = follow(&path, &target),
            Entry::Other => {
                let why = format!("`{path}` is not a file");
                return Err(EngineError::new(OP, container, FailureKind::Engine, why));
            }
        }
    }
    let why = format!("too many symbolic links lead to `{path}`");
    Err(EngineError::new(OP, container, FailureKind::Engine, why))
}

enum Entry {
    File(Vec<u8>),
    Link(String),
    Other,
}

fn first_entry(archive: &[u8]) -> std::io::Result<Entry> {
    let mut reader = tar::Archive::new(archive);
    let Some(entry) = reader.entries()?.next() else { return Ok(Entry::Other) };
    let mut entry = entry?;
    match entry.header().entry_type() {
        tar::EntryType::Regular | tar::EntryType::Continuous => {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            Ok(Entry::File(content))
        }
        tar::EntryType::Symlink => {
            let target = entry.link_name()?.map(|target| target.display().to_string());
            Ok(target.map_or(Entry::Other, Entry::Link))
        }
        _ => Ok(Entry::Other),
    }
}

/// The path to which a link leads, seen from the container's root.
fn follow(link: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { link.rsplit_once('/').map_or("", |(base, _)| base) };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn failed(container: &str, path: &str, error: &std::io::Error) -> EngineError {
    let why = if path.is_empty() { error.to_string() } else { format!("`{path}`: {error}") };
    EngineError::new(OP, container, FailureKind::Engine, why)
}

#[cfg(test)]
mod tests;
