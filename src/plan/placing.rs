//! Where the files of one instance come from: put into the created container, bound, or, where neither can be seen
//! inside, from a small volume that is filled before.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::kind::kind::{self, Refusal};
use crate::model::addr::LayerPath;
use crate::model::container::{BindPath, Mount, MountSource};
use crate::model::files::PutFile;
use crate::model::label::{self, Labels};
use crate::model::network::VolumeSpec;

use super::desired::{Desired, Fill, OwnVolume, path_in_node};
use super::fingerprint::Canonical;
use super::known::Known;
use super::world::World;

/// The first API that mounts a part of a volume (Docker 26.0).
const SUBPATH_SINCE: (u32, u32) = (1, 45);

/// What goes into a volume of which each part is mounted at its own place.
#[derive(Default)]
struct Parts {
    files: Vec<PutFile>,
    /// Paths of the user's machine, with the mounts that they stand for.
    trees: Vec<(PathBuf, Mount)>,
}

impl Desired<'_> {
    /// Configs and secrets with content go into the created container; where they would be hidden by a tmpfs
    /// or the root is read-only, into a small volume that is filled before.
    pub(super) fn place_files(&mut self, known: &Known, layer: &LayerPath) {
        let mut hidden: BTreeMap<String, Vec<PutFile>> = BTreeMap::new();
        let mut parts = Parts::default();
        for put in &self.service.files {
            let directory = put.path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
            if !self.is_hidden(&put.path) {
                self.files.push(put.clone());
            } else if directory.is_empty()
                || self.spec.mounts.iter().any(|mount| same(&mount.target, &directory))
            {
                // Nothing can be mounted over the root, nor twice at one place.
                parts.files.push(put.clone());
            } else {
                hidden.entry(directory).or_default().push(put.clone());
            }
        }
        for (target, files) in hidden {
            let mut canonical = Canonical::default();
            canonical.line("target", &target);
            files.iter().for_each(|put| canonical.file(put));
            let volume = self.add_volume(&canonical);
            Arc::make_mut(&mut self.spec).mounts.push(Mount {
                target: target.clone(),
                source: MountSource::volume(Some(volume.clone())),
                read_only: true,
                consistency: None,
            });
            self.fills.push(Fill { volume, target, files, trees: Vec::new() });
        }
        self.fill_parts(known, layer, parts);
    }

    /// Turns paths of the user's machine into paths of this engine's machine, or into copies.
    pub(super) fn place_user_paths(&mut self, world: &World<'_>, known: &Known, layer: &LayerPath) {
        if world.home(layer).is_root() {
            return;
        }
        let copy = known.sees_files == Some(false) || world.is_elsewhere(layer);
        let mut copied = Vec::new();
        Arc::make_mut(&mut self.spec).mounts.retain_mut(|mount| {
            let MountSource::Bind { path, .. } = &mut mount.source else { return true };
            let BindPath::User(user) = path else { return true };
            if copy {
                copied.push((user.clone(), mount.clone()));
                return false;
            }
            *path = BindPath::Engine(path_in_node(world, user));
            true
        });
        let (hidden, seen): (Vec<_>, Vec<_>) =
            copied.into_iter().partition(|(_, mount)| self.is_hidden(&mount.target));
        self.trees = seen.into_iter().map(|(user, mount)| (user, mount.target)).collect();
        self.fill_parts(known, layer, Parts { files: Vec::new(), trees: hidden });
    }

    /// Whether what is put at `path` into the created container is not seen when it runs, or is refused: below a
    /// tmpfs, or in a read-only root.
    fn is_hidden(&self, path: &str) -> bool {
        let above = self.spec.mounts.iter().filter(|mount| is_below(path, &mount.target));
        match above.max_by_key(|mount| mount.target.len()).map(|mount| &mount.source) {
            Some(MountSource::Tmpfs { .. } | MountSource::Memory { .. }) => true,
            Some(_) => false,
            None => self.spec.read_only,
        }
    }

    /// Fills one volume and mounts each of its parts where it belongs.
    fn fill_parts(&mut self, known: &Known, layer: &LayerPath, parts: Parts) {
        if parts.files.is_empty() && parts.trees.is_empty() {
            return;
        }
        let target = kind::FILES_DIRECTORY.to_owned();
        let mut canonical = Canonical::default();
        canonical.line("target", &target);
        parts.files.iter().for_each(|put| canonical.file(put));
        for (path, mount) in &parts.trees {
            canonical.line(&mount.target, known.digests.get(path).map_or("", String::as_str));
        }
        let volume = self.add_volume(&canonical);
        let (mut files, mut trees) = (Vec::new(), Vec::new());
        let mut places: Vec<(String, bool)> = Vec::new();
        let next = |places: &[(String, bool)]| format!("{target}/{}", places.len());
        for put in parts.files {
            let path = next(&places);
            places.push((put.path.clone(), true));
            files.push(PutFile { path, ..put });
        }
        for (user, mount) in parts.trees {
            trees.push((user, next(&places)));
            places.push((mount.target, mount.read_only));
        }
        self.refuse_without_subpaths(known, layer, &places);
        for (n, (target, read_only)) in places.into_iter().enumerate() {
            let (name, subpath) = (Some(volume.clone()), Some(n.to_string()));
            let source = MountSource::Volume { name, nocopy: true, subpath, labels: Labels::new() };
            Arc::make_mut(&mut self.spec).mounts.push(Mount { target, source, read_only, consistency: None });
        }
        self.fills.push(Fill { volume, target, files, trees });
    }

    fn add_volume(&mut self, content: &Canonical) -> String {
        let name = format!("{}_files-{}", self.name, content.hash());
        let role = label::ROLE_FILES;
        self.volumes.push(OwnVolume { name: name.clone(), role, spec: VolumeSpec::default() });
        name
    }

    fn refuse_without_subpaths(&mut self, known: &Known, layer: &LayerPath, places: &[(String, bool)]) {
        let Some(facts) = known.facts(layer) else { return };
        let version = facts.api_version.split_once('.');
        let version = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        if version.is_some_and(|version: (u32, u32)| version < SUBPATH_SINCE) {
            let places: Vec<String> = places.iter().map(|(target, _)| format!("`{target}`")).collect();
            self.refusals.push(Refusal {
                key: if self.spec.read_only { "read_only" } else { "tmpfs" },
                message: format!(
                    "{} cannot be put into it: its root is read-only, or a tmpfs hides what is put there",
                    places.join(" and ")
                ),
                help: Some(format!(
                    "give a file a directory of its own (`target: /run/secrets/…`), or use an engine of Docker 26 or \
                     newer: this one's API is {}",
                    facts.api_version
                )),
            });
        }
    }
}

/// Whether two paths of directories are the same.
fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

/// Whether `path` lies below directory `above`.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}
