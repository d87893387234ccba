//! Files of containers: archives put in and got out.

use std::collections::BTreeMap;
use std::io::Read;

use crate::engine::error::EngineError;
use crate::model::failure::FailureKind::{Engine as Refused, NotFound};

use super::state::{EngineIndex, FakeFile, FakeFileKind, MountedWhat};
use super::world::{World, refuse};

impl FakeFile {
    pub(super) fn of_image(content: Vec<u8>) -> Self {
        Self { content, mode: 0o644, uid: 0, gid: 0, kind: FakeFileKind::File }
    }
}

/// Where a path of a container is kept.
enum Home {
    Own(String),
    Volume(String, String),
    Tmpfs(usize, String),
    Bind(String),
}

/// A bind mount as it is seen from inside.
const BOUND: FakeFile =
    FakeFile { content: Vec::new(), mode: 0o755, uid: 0, gid: 0, kind: FakeFileKind::File };

fn absolute(base: &str, path: &str) -> String {
    let joined = format!("{base}/{path}");
    let parts: Vec<&str> = joined.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

impl World {
    /// The mount with the longest target around a path decides.
    fn home(&self, engine: EngineIndex, index: usize, path: &str) -> (Home, bool) {
        let container = &self.engines[engine].containers[index];
        let around = container.mounts.iter().enumerate().filter_map(|(at, mount)| {
            let rest = path.strip_prefix(mount.target.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/'))
                .then(|| (at, mount, rest.trim_start_matches('/').to_owned()))
        });
        let Some((at, mount, rest)) = around.max_by_key(|(_, mount, _)| mount.target.len()) else {
            return (Home::Own(path.to_owned()), container.spec.read_only);
        };
        let home = match &mount.what {
            MountedWhat::Volume { name, .. } => Home::Volume(name.clone(), rest),
            // Before the start there is no memory yet: the archive goes below it.
            MountedWhat::Tmpfs(_) => Home::Tmpfs(at, rest),
            MountedWhat::Bind(source) => Home::Bind(format!("{source}/{rest}")),
        };
        (home, mount.read_only)
    }

    pub(super) fn put(
        &mut self,
        engine: EngineIndex,
        target: &str,
        path: &str,
        archive: &[u8],
    ) -> Result<(), EngineError> {
        let op = "put files";
        let index = self.find_for(engine, op, target)?;
        // Docker refuses the whole container, wherever the path is (measured, 26.1.5).
        if self.engines[engine].containers[index].spec.read_only {
            return Err(refuse(op, target, Refused, "container rootfs is marked read-only"));
        }
        for (name, file) in unpack(archive).map_err(|why| refuse(op, target, Refused, why))? {
            let path = absolute(path, &name);
            let (home, read_only) = self.home(engine, index, &path);
            if read_only {
                return Err(refuse(
                    op,
                    target,
                    Refused,
                    format!("mounted volume is marked read-only: {path}"),
                ));
            }
            let state = &mut self.engines[engine];
            match home {
                Home::Own(path) => {
                    state.containers[index].files.insert(path, file);
                }
                Home::Tmpfs(at, rest) => {
                    if let MountedWhat::Tmpfs(files) = &mut state.containers[index].mounts[at].what {
                        files.insert(rest, file);
                    }
                }
                Home::Volume(volume, rest) => {
                    if let Some(at) = state.volume(&volume) {
                        state.volumes[at].files.insert(rest, file);
                    }
                }
                Home::Bind(path) => {
                    state.paths.insert(path);
                }
            }
        }
        Ok(())
    }

    /// Every file of a container at or below a path, by absolute path.
    pub(super) fn files(&self, engine: EngineIndex, index: usize, path: &str) -> BTreeMap<String, FakeFile> {
        let container = &self.engines[engine].containers[index];
        let mut all: BTreeMap<String, FakeFile> = container.files.clone();
        for mount in &container.mounts {
            let target = mount.target.trim_end_matches('/');
            let shown = match &mount.what {
                MountedWhat::Tmpfs(files) => files.clone(),
                // What the machine has there is not modelled: only that something is.
                MountedWhat::Bind(_) => BTreeMap::from([(String::new(), BOUND)]),
                MountedWhat::Volume { name, .. } => {
                    let state = &self.engines[engine];
                    state.volume(name).map(|at| state.volumes[at].files.clone()).unwrap_or_default()
                }
            };
            all.retain(|path, _| !is_within(path, target));
            all.extend(shown.into_iter().map(|(rest, file)| (absolute(target, &rest), file)));
        }
        all.retain(|name, _| is_within(name, path));
        all
    }

    /// The archive of a path: names begin with its last part, as Docker's do.
    pub(super) fn get(&self, engine: EngineIndex, target: &str, path: &str) -> Result<Vec<u8>, EngineError> {
        let op = "get files";
        let index = self.find_for(engine, op, target)?;
        let path = absolute("", path);
        let files = self.files(engine, index, &path);
        if files.is_empty() {
            let why = format!("Could not find the file {path} in container {target}");
            return Err(refuse(op, target, NotFound, why));
        }
        let base = path.rsplit_once('/').map_or("", |(base, _)| base);
        let mut builder = tar::Builder::new(Vec::new());
        for (name, file) in files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(file.mode);
            header.set_uid(file.uid);
            header.set_gid(file.gid);
            let name = name.strip_prefix(base).unwrap_or(&name).trim_start_matches('/').to_owned();
            let added = match file.kind {
                FakeFileKind::Link => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_size(0);
                    builder.append_link(&mut header, name, String::from_utf8_lossy(&file.content).as_ref())
                }
                FakeFileKind::Directory => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_size(0);
                    builder.append_data(&mut header, format!("{name}/"), std::io::empty())
                }
                FakeFileKind::File => {
                    header.set_size(file.content.len() as u64);
                    builder.append_data(&mut header, name, file.content.as_slice())
                }
            };
            added.map_err(|e| refuse(op, target, Refused, e.to_string()))?;
        }
        builder.into_inner().map_err(|e| refuse(op, target, Refused, e.to_string()))
    }

    pub(super) fn find_for(
        &self,
        engine: EngineIndex,
        op: &'static str,
        target: &str,
    ) -> Result<usize, EngineError> {
        self.engines[engine]
            .find(target)
            .ok_or_else(|| refuse(op, target, NotFound, format!("No such container: {target}")))
    }
}

fn is_within(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn unpack(archive: &[u8]) -> Result<Vec<(String, FakeFile)>, String> {
    let mut files = Vec::new();
    let mut reader = tar::Archive::new(archive);
    for entry in reader.entries().map_err(|e| e.to_string())? {
        let mut entry = entry.map_err(|e| e.to_string())?;
        let name = entry.path().map_err(|e| e.to_string())?.display().to_string();
        let kind = match entry.header().entry_type() {
            tar::EntryType::Directory => FakeFileKind::Directory,
            tar::EntryType::Symlink => FakeFileKind::Link,
            _ => FakeFileKind::File,
        };
        let mut content = Vec::new();
        if kind == FakeFileKind::Link {
            let link = entry.link_name().map_err(|e| e.to_string())?;
            content = link.map(|link| link.display().to_string().into_bytes()).unwrap_or_default();
        } else {
            entry.read_to_end(&mut content).map_err(|e| e.to_string())?;
        }
        let header = entry.header();
        files.push((
            name.trim_end_matches('/').to_owned(),
            FakeFile {
                content,
                // An empty field is 0, as Go's reader has it.
                mode: header.mode().unwrap_or(0),
                uid: header.uid().unwrap_or(0),
                gid: header.gid().unwrap_or(0),
                kind,
            },
        ));
    }
    Ok(files)
}
