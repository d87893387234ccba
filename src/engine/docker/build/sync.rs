//! Sends the files of a context as the builder asks for them (fsutil `send.go`): first what there is, in order, then
//! the bytes of those files whose change it sees. Directories are walked and files read as they are sent, so that
//! nothing is held but their names.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::http::HeaderMap;
use tokio::sync::mpsc;

use super::grpc::{INTERNAL, Messages, NOT_FOUND, Reply, Status, unescape};
use super::message::{Packet, PacketKind, Stat};
use super::pattern::{Matched, Patterns};
use crate::engine::build::{BuildFiles, FileEntry, FileKind};

/// Bytes of a file in one packet (fsutil's own size).
const PIECE: usize = 32 * 1024;
/// Packets that wait to be sent.
const QUEUE: usize = 64;

/// Bits of Go's `os.FileMode` (its `io/fs`).
const GO_DIRECTORY: u32 = 1 << 31;
const GO_LINK: u32 = 1 << 27;
const GO_SET_UID: u32 = 1 << 23;
const GO_SET_GID: u32 = 1 << 22;
const GO_STICKY: u32 = 1 << 20;

/// A directory that a build may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// One of the user's machine.
    Directory(PathBuf),
    /// One that holds a single file.
    File { name: String, text: Arc<str> },
}

/// What of a directory is asked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Only these and what leads to them; empty: all.
    only: Vec<String>,
    except: Vec<String>,
}

/// The values of a key of the call's head, which may be escaped (BuildKit `filesync.encodeOpts`).
fn values(head: &HeaderMap, key: &str) -> Vec<String> {
    let escaped = head.get(format!("{key}-encoded")).is_some_and(|value| value == "1");
    let text = |bytes: &[u8]| {
        if escaped { unescape(bytes, true) } else { String::from_utf8_lossy(bytes).into_owned() }
    };
    head.get_all(key).iter().map(|value| text(value.as_bytes())).collect()
}

/// Which directory a call is about.
pub(super) fn name_of(head: &HeaderMap) -> String {
    values(head, "dir-name").into_iter().next().unwrap_or_default()
}

impl Wanted {
    /// More than what is asked for does no harm; so of a path with `*` what is before it counts.
    pub(super) fn of(head: &HeaderMap) -> Self {
        let mut only = values(head, "followpaths");
        only.extend(values(head, "include-patterns"));
        for path in &mut only {
            let literal: Vec<&str> = path
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".")
                .take_while(|part| !part.contains(['*', '?', '[', '\\', '!']))
                .collect();
            *path = literal.join("/");
        }
        if only.iter().any(|path| path.is_empty() || path.split('/').any(|part| part == "..")) {
            only.clear();
        }
        Self { only, except: values(head, "exclude-patterns") }
    }

    /// A path that passes a link is asked for where the link points to: then everything is sent.
    fn follow(&mut self, root: &Path, files: &dyn BuildFiles) {
        let passes_link = |path: &String| {
            let mut at = root.to_owned();
            path.split('/').any(|part| {
                at.push(part);
                files.entry(&at).is_ok_and(|entry| matches!(entry.kind, FileKind::Link(_)))
            })
        };
        if self.only.iter().any(passes_link) {
            self.only.clear();
        }
    }

    fn wants(&self, path: &str) -> bool {
        let below = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.only.is_empty() || self.only.iter().any(|only| below(path, only) || below(only, path))
    }
}

/// Files whose bytes may be asked for, by number.
type Numbers = Arc<Mutex<HashMap<u32, PathBuf>>>;

/// A packet to send, or why there is none.
type Outgoing = mpsc::Sender<Result<Packet, Status>>;

/// Serves one transfer.
pub(super) async fn serve(
    source: Source,
    mut wanted: Wanted,
    files: Arc<dyn BuildFiles>,
    asked: Messages,
    reply: &mut Reply,
) -> Result<(), Status> {
    let (outgoing, mut queue) = mpsc::channel::<Result<Packet, Status>>(QUEUE);
    let numbers = Numbers::default();
    // What is walked and read ends when nobody takes its packets any more.
    let walking = (outgoing.clone(), Arc::clone(&numbers), Arc::clone(&files), source.clone());
    tokio::task::spawn_blocking(move || {
        let (outgoing, numbers, files, source) = walking;
        let walked = match &source {
            Source::File { name, text } => send_only(name, text, &outgoing),
            Source::Directory(root) => {
                wanted.follow(root, &*files);
                Walk {
                    root,
                    wanted: &wanted,
                    files: &*files,
                    outgoing: &outgoing,
                    numbers: &numbers,
                    next: 0,
                }
                .run()
            }
        };
        let last = walked.map(|()| Packet::default());
        drop(outgoing.blocking_send(last));
    });
    let answering = answer(asked, outgoing, numbers, files, source);
    let sending = async {
        while let Some(packet) = queue.recv().await {
            match packet {
                Ok(packet) => reply.send(&packet).await?,
                Err(status) => {
                    let data = status.message.clone().into_bytes();
                    let failed = Packet { kind: PacketKind::Error.into(), data, ..Packet::default() };
                    reply.send(&failed).await?;
                    return Err(status);
                }
            }
        }
        Ok(())
    };
    tokio::try_join!(answering, sending).map(drop)
}

/// Takes what the builder asks for, until it has all.
async fn answer(
    mut asked: Messages,
    outgoing: Outgoing,
    numbers: Numbers,
    files: Arc<dyn BuildFiles>,
    source: Source,
) -> Result<(), Status> {
    let (requests, mut list) = mpsc::unbounded_channel::<u32>();
    let bytes = outgoing.clone();
    let reader = tokio::task::spawn_blocking(move || {
        while let Some(id) = list.blocking_recv() {
            let path = numbers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            let sent = match (&source, path) {
                (Source::File { text, .. }, None) => {
                    pieces(&mut text.as_bytes(), id, &bytes, "the Dockerfile")
                }
                (_, Some(path)) => {
                    let shown = path.display().to_string();
                    match files.open(&path) {
                        Ok(mut file) => pieces(&mut *file, id, &bytes, &shown),
                        Err(error) => Err(broken(&shown, &error)),
                    }
                }
                (Source::Directory(_), None) => {
                    Err(Status::new(INTERNAL, format!("no file has the number {id}")))
                }
            };
            if let Err(status) = sent {
                drop(bytes.blocking_send(Err(status)));
                return;
            }
        }
    });
    while let Some(packet) = asked.next::<Packet>().await? {
        match packet.kind() {
            PacketKind::Request => drop(requests.send(packet.id)),
            PacketKind::Finish => {
                let end = Packet { kind: PacketKind::Finish.into(), ..Packet::default() };
                drop(outgoing.send(Ok(end)).await);
                break;
            }
            PacketKind::Error => {
                let said = String::from_utf8_lossy(&packet.data).into_owned();
                return Err(Status::new(INTERNAL, format!("the builder cannot take the files: {said}")));
            }
            PacketKind::Stat | PacketKind::Data => {}
        }
    }
    drop(requests);
    drop(reader.await);
    Ok(())
}

fn broken(path: &str, error: &std::io::Error) -> Status {
    Status::new(INTERNAL, format!("cannot read `{path}`: {error}"))
}

fn put(outgoing: &Outgoing, packet: Packet) -> Result<(), Status> {
    outgoing.blocking_send(Ok(packet)).map_err(|_| Status::new(INTERNAL, "the builder went away"))
}

/// The bytes of a file, and an empty piece for their end.
fn pieces(file: &mut dyn Read, id: u32, outgoing: &Outgoing, path: &str) -> Result<(), Status> {
    let kind = PacketKind::Data.into();
    loop {
        let mut data = vec![0; PIECE];
        let read = match file.read(&mut data) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(path, &error)),
        };
        data.truncate(read);
        put(outgoing, Packet { kind, id, data, ..Packet::default() })?;
        if read == 0 {
            return Ok(());
        }
    }
}

fn send_only(name: &str, text: &str, outgoing: &Outgoing) -> Result<(), Status> {
    let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let stat = Stat { path: name.to_owned(), mode: 0o644, size, ..Stat::default() };
    put(outgoing, Packet { stat: Some(stat), ..Packet::default() })
}

struct Walk<'a> {
    root: &'a Path,
    wanted: &'a Wanted,
    files: &'a dyn BuildFiles,
    outgoing: &'a Outgoing,
    numbers: &'a Numbers,
    next: u32,
}

/// A directory on the way down.
struct Open {
    entries: std::vec::IntoIter<FileEntry>,
    /// Its path below the root.
    path: String,
    matched: Option<Matched>,
    /// Its own entry, while it is not known whether anything in it is sent.
    unsent: Option<Stat>,
}

impl Walk<'_> {
    fn run(mut self) -> Result<(), Status> {
        let bad = |reason| Status::new(INTERNAL, format!("`.dockerignore`: {reason}"));
        let patterns = Patterns::new(self.wanted.except.iter().map(String::as_str)).map_err(bad)?;
        let root = self.open(self.root)?;
        let mut way = vec![Open { entries: root, path: String::new(), matched: None, unsent: None }];
        while let Some(here) = way.last_mut() {
            let Some(entry) = here.entries.next() else {
                way.pop();
                continue;
            };
            let path = if here.path.is_empty() {
                entry.name.clone()
            } else {
                format!("{}/{}", here.path, entry.name)
            };
            if !self.wanted.wants(&path) {
                continue;
            }
            let (left_out, matched) = patterns.leave_out(&path, here.matched.as_ref());
            let is_directory = entry.kind == FileKind::Directory;
            // What is in a directory that is left out may come back by a pattern of its own.
            if left_out && !(is_directory && patterns.bring_back()) {
                continue;
            }
            let Some(stat) = stat(&path, &entry) else { continue };
            if !left_out {
                for open in &mut way {
                    if let Some(unsent) = open.unsent.take() {
                        self.send(unsent, None)?;
                    }
                }
            }
            let on_disk = self.root.join(&path);
            if is_directory {
                let entries = self.open(&on_disk)?;
                let unsent = if left_out {
                    Some(stat)
                } else {
                    self.send(stat, None)?;
                    None
                };
                way.push(Open { entries, path, matched: Some(matched), unsent });
            } else {
                self.send(stat, Some(on_disk).filter(|_| entry.kind == FileKind::File))?;
            }
        }
        Ok(())
    }

    fn open(&self, path: &Path) -> Result<std::vec::IntoIter<FileEntry>, Status> {
        let listed = self.files.list(path);
        listed.map(Vec::into_iter).map_err(|error| {
            let code = if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { INTERNAL };
            Status { code, ..broken(&path.display().to_string(), &error) }
        })
    }

    /// Each entry has a number, in order; a file's bytes can be asked for by it.
    fn send(&mut self, stat: Stat, file: Option<PathBuf>) -> Result<(), Status> {
        if let Some(file) = file {
            self.numbers.lock().unwrap_or_else(PoisonError::into_inner).insert(self.next, file);
        }
        self.next += 1;
        put(self.outgoing, Packet { stat: Some(stat), ..Packet::default() })
    }
}

/// An entry as it is sent: everything belongs to root, as with buildx.
fn stat(path: &str, entry: &FileEntry) -> Option<Stat> {
    let mut mode = entry.mode & 0o777;
    for (bit, go) in [(0o4000, GO_SET_UID), (0o2000, GO_SET_GID), (0o1000, GO_STICKY)] {
        if entry.mode & bit != 0 {
            mode |= go;
        }
    }
    let mut size = 0;
    let mut link = String::new();
    match &entry.kind {
        FileKind::File => size = i64::try_from(entry.size).unwrap_or(i64::MAX),
        FileKind::Directory => mode |= GO_DIRECTORY,
        FileKind::Link(to) => {
            mode = 0o777 | GO_LINK;
            link.clone_from(to);
        }
        FileKind::Other => return None,
    }
    Some(Stat { path: path.to_owned(), mode, size, modified: entry.modified, link })
}
