//! `cp`: files between containers on any level and this machine, by the rules of `docker cp` (docker/cli
//! `cli/command/container/cp.go`).

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::{Receiver, channel};

use crate::engine::engine::ByteStream;
use crate::engine::error::EngineError;
use crate::model::addr::Pattern;
use crate::model::failure::FailureKind;
use crate::model::name::ProjectName;
use crate::transfer::host_files::HostFiles;

use super::context::Ctx;
use super::error::OpError;
use super::host_files::DiskFiles;
use super::members::{Member, member, members};

/// The name of a local side that stands for an archive on the standard streams.
pub const ARCHIVE: &str = "-";
/// Bytes in which the first entry of an archive is found.
const HEAD: usize = 64 << 10;
/// Symbolic links that are followed.
const MOST_LINKS: usize = 16;
/// Pieces between the engine and the disk.
const PIECES_AHEAD: usize = 4;

/// What is at a path of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
enum There {
    Directory,
    Link(String),
    Other,
}

/// Copies out of a container.
///
/// # Errors
/// When the address names no container, the path is not there, or the disk does not take it.
pub async fn download(
    ctx: &Ctx,
    project: &ProjectName,
    pattern: &Pattern,
    path: &str,
    local: &Path,
    follow: bool,
) -> Result<(), OpError> {
    let from = member(ctx, project, pattern).await?;
    let (mut path, contents) = match path.strip_suffix("/.") {
        Some(path) => (if path.is_empty() { "/" } else { path }.to_owned(), true),
        None => (path.to_owned(), false),
    };
    let mut there = look_at(&from, &path).await?;
    for _ in 0..MOST_LINKS {
        let There::Link(target) = &there else { break };
        if !follow && !contents {
            break;
        }
        path = beside(&path, target);
        there = look_at(&from, &path).await?;
    }
    let archive = from.engine.get(&from.container.id, &path).await?;
    if local == Path::new(ARCHIVE) {
        return print(archive).await;
    }
    let is_directory = there == There::Directory;
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let refuse = |why: &str| OpError::Copy(format!("`{}`: {why}", local.display()));
    let base = match fs::metadata(local) {
        Ok(found) if found.is_dir() => {
            if contents && is_directory {
                local.to_owned()
            } else {
                local.join(name)
            }
        }
        Ok(_) if is_directory => return Err(refuse("a directory cannot be copied over a file")),
        Ok(_) => local.to_owned(),
        Err(_) if !is_directory && local.to_string_lossy().ends_with('/') => {
            return Err(refuse("there is no such directory"));
        }
        Err(_) => {
            let parent = local.parent().filter(|parent| !parent.as_os_str().is_empty());
            if parent.is_some_and(|parent| !parent.is_dir()) {
                return Err(refuse("the directory around it does not exist"));
            }
            local.to_owned()
        }
    };
    unpack(archive, base).await
}

/// How files go into containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// What a link of this machine leads to is copied, not the link.
    pub follow: bool,
    /// The files belong to the user that the container runs as.
    pub for_user: bool,
    /// Also into one-off containers (`run`).
    pub one_offs: bool,
}

impl Upload {
    async fn put(self, to: &Member, directory: &str, archive: ByteStream) -> Result<(), OpError> {
        let id = &to.container.id;
        let put = if self.for_user {
            to.engine.put_for_user(id, directory, archive)
        } else {
            to.engine.put(id, directory, archive)
        };
        Ok(put.await?)
    }
}

/// Copies into every container that the address means.
///
/// # Errors
/// As [`download`], the other way round.
pub async fn upload(
    ctx: &Ctx,
    project: &ProjectName,
    local: &Path,
    pattern: &Pattern,
    path: &str,
    how: Upload,
) -> Result<(), OpError> {
    let mut found = members(ctx, project, std::slice::from_ref(pattern)).await?;
    if how.one_offs {
        let one_offs = found.one_offs(project);
        found.list.extend(one_offs);
    }
    found.list.retain(|it| pattern.matches(&it.addr));
    if local == Path::new(ARCHIVE) && found.list.len() > 1 {
        return Err(OpError::Copy(
            "an archive on standard input goes into one container: name the replica".to_owned(),
        ));
    }
    for to in &found.list {
        upload_one(to, local, path, how).await?;
    }
    if found.list.is_empty() {
        // The address is of something inside a node that does not answer.
        member(ctx, project, pattern).await?;
    }
    Ok(())
}

async fn upload_one(to: &Member, local: &Path, path: &str, how: Upload) -> Result<(), OpError> {
    let mut target = path.to_owned();
    let mut there = look_at(to, &target).await;
    for _ in 0..MOST_LINKS {
        let Ok(There::Link(link)) = &there else { break };
        target = beside(&target, link);
        there = look_at(to, &target).await;
    }
    let exists = match there {
        Ok(there) => Some(there),
        Err(OpError::Engine(error)) if error.kind == FailureKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let refuse = |why: &str| OpError::Copy(format!("`{path}` in `{}`: {why}", to.addr));
    if local == Path::new(ARCHIVE) {
        if exists != Some(There::Directory) {
            return Err(refuse("an archive is unpacked in a directory"));
        }
        return how.put(to, &target, stdin()).await;
    }
    let text = local.to_string_lossy();
    let contents = text.ends_with("/.") || text == ".";
    let unreadable = |source| OpError::Unreadable { path: local.to_owned(), source };
    let source =
        if how.follow || contents { fs::canonicalize(local).map_err(unreadable)? } else { local.to_owned() };
    let is_directory = fs::symlink_metadata(&source).map_err(unreadable)?.is_dir();
    let own_name = || {
        let name = local.file_name().or_else(|| source.file_name());
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let (directory, name) = match exists {
        Some(There::Directory) if contents && is_directory => (target, ".".to_owned()),
        Some(There::Directory) => (target, own_name()),
        Some(_) if is_directory => return Err(refuse("a directory cannot be copied over a file")),
        None if !is_directory && target.ends_with('/') => {
            return Err(refuse("there is no such directory"));
        }
        Some(_) | None => {
            let trimmed = target.trim_end_matches('/');
            let (directory, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
            let directory = if directory.is_empty() { "/" } else { directory };
            (directory.to_owned(), name.to_owned())
        }
    };
    let archive = DiskFiles.tree(&source, &name).map_err(unreadable)?;
    how.put(to, &directory, archive).await
}

/// Where a link at `path` leads.
fn beside(path: &str, link: &str) -> String {
    if link.starts_with('/') {
        return link.to_owned();
    }
    let (directory, _) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
    format!("{directory}/{link}")
}

/// What is at a path: the first entry of its archive says it, and no more of it is read.
async fn look_at(it: &Member, path: &str) -> Result<There, OpError> {
    let mut archive = it.engine.get(&it.container.id, path).await?;
    let mut head = Vec::new();
    while head.len() < HEAD {
        match archive.next().await {
            Some(piece) => head.extend_from_slice(&piece?),
            None => break,
        }
    }
    let mut archive = tar::Archive::new(head.as_slice());
    let entry = archive.entries().ok().and_then(|mut entries| entries.next()).and_then(Result::ok);
    Ok(match entry {
        Some(entry) if entry.header().entry_type().is_dir() => There::Directory,
        Some(entry) if entry.header().entry_type().is_symlink() => {
            let link = entry.link_name().ok().flatten();
            There::Link(link.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default())
        }
        _ => There::Other,
    })
}

async fn print(mut archive: ByteStream) -> Result<(), OpError> {
    while let Some(piece) = archive.next().await {
        io::stdout().lock().write_all(&piece?).map_err(OpError::Output)?;
    }
    io::stdout().lock().flush().map_err(OpError::Output)
}

/// Standard input as a stream.
fn stdin() -> ByteStream {
    let read = |mut stdin: tokio::io::Stdin| async move {
        let mut buffer = vec![0; HEAD];
        match stdin.read(&mut buffer).await {
            Ok(0) => None,
            Ok(n) => {
                buffer.truncate(n);
                Some((Ok(Bytes::from(buffer)), stdin))
            }
            Err(error) => {
                let error =
                    EngineError::new("read", "standard input", FailureKind::Engine, error.to_string());
                Some((Err(error), stdin))
            }
        }
    };
    stream::unfold(tokio::io::stdin(), read).boxed()
}

/// Unpacks an archive so that its first name is `base`. Nothing is written outside of it.
async fn unpack(mut archive: ByteStream, base: PathBuf) -> Result<(), OpError> {
    let (sender, receiver) = channel(PIECES_AHEAD);
    let shown = base.display().to_string();
    let writing = tokio::task::spawn_blocking(move || write(Pieces { receiver, piece: Bytes::new() }, &base));
    let mut broke = None;
    while let Some(piece) = archive.next().await {
        match piece {
            Ok(piece) => {
                if sender.send(piece).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broke = Some(error);
                break;
            }
        }
    }
    drop(sender);
    let written = writing.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    if let Some(error) = broke {
        return Err(error.into());
    }
    written.map_err(|error| OpError::Copy(format!("failed to write `{shown}`: {error}")))
}

/// Pieces of a stream, read as a file.
struct Pieces {
    receiver: Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let n = self.piece.len().min(into.len());
        into[..n].copy_from_slice(&self.piece.split_to(n));
        Ok(n)
    }
}

fn write(source: impl Read, base: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(source);
    let mut links = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let Some(target) = placed(&entry.path()?, base) else {
            return Err(io::Error::other("the archive leads out of its directory"));
        };
        // A link that came before must not lead the next entry elsewhere.
        if let Some(parent) = target.parent().filter(|_| target != *base) {
            fs::create_dir_all(parent)?;
            if !fs::canonicalize(parent)?.starts_with(fs::canonicalize(base)?) {
                return Err(io::Error::other("the archive leads out of its directory"));
            }
        }
        match entry.header().entry_type() {
            kind if kind.is_hard_link() => {
                let link = entry.link_name()?.and_then(|link| placed(&link, base));
                links.extend(link.map(|link| (link, target)));
            }
            _ => {
                entry.unpack(&target)?;
            }
        }
    }
    for (link, target) in links {
        fs::hard_link(link, target)?;
    }
    Ok(())
}

/// Where an entry goes: its first name is `base`. `None`: it would lead out of it.
fn placed(path: &Path, base: &Path) -> Option<PathBuf> {
    let mut names = path.components().filter(|it| !matches!(it, Component::CurDir | Component::RootDir));
    names.next();
    let mut out = base.to_owned();
    for name in names {
        match name {
            Component::Normal(name) => out.push(name),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_takes_the_name_that_it_is_given_and_stays_within_it() {
        assert_eq!(placed(Path::new("etc/a/b"), Path::new("/x/y")), Some(PathBuf::from("/x/y/a/b")));
        assert_eq!(placed(Path::new("etc"), Path::new("/x/y")), Some(PathBuf::from("/x/y")));
        assert_eq!(placed(Path::new("etc/../../b"), Path::new("/x")), None);
    }

    #[test]
    fn a_link_leads_from_its_own_directory() {
        assert_eq!(beside("/etc/os-release", "../usr/lib/os-release"), "/etc/../usr/lib/os-release");
        assert_eq!(beside("/bin", "/usr/bin"), "/usr/bin");
    }
}
