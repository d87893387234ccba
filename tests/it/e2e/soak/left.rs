//! What a round may not leave: volumes without a name, processes, files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nestctl::model::observed::ObservedContainer;

use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually};

/// What was seen of the lab while it ran.
#[derive(Default)]
pub(super) struct Traces {
    containers: BTreeSet<String>,
    /// Volumes of containers of the root engine.
    volumes: BTreeSet<String>,
    /// Files in the lab's directory after the first round.
    files: Option<BTreeSet<String>>,
}

impl Traces {
    /// Remembers containers of a layer.
    pub(super) fn note<'a>(&mut self, layer: &str, there: impl Iterator<Item = &'a ObservedContainer>) {
        for container in there {
            self.containers.insert(container.id.clone());
            if layer.is_empty() {
                self.volumes.extend(container.mounts.iter().filter_map(|mount| mount.volume.clone()));
            }
        }
    }

    /// All of it is gone after a `down`, but for named volumes where they stay.
    pub(super) fn assert_gone(&mut self, lab: &TestLab, with_volumes: bool, when: &str) {
        let seen = block_on(async { lab.engine().observe().await.expect("the engine lists its objects") });
        // Other users of the engine have volumes without a name of their own: only those of this lab count.
        let left =
            seen.volumes.iter().map(|volume| volume.name.clone()).filter(|name| self.volumes.contains(name));
        let left: Vec<String> = left.filter(|name| with_volumes || !name.starts_with(&lab.project)).collect();
        assert_eq!(left, [""; 0], "{when}: volumes");
        // Who watches over a container ends a little after it has gone.
        block_on(eventually("its processes end", || async {
            let left = self.processes(lab);
            if !left.is_empty() {
                println!("still there: {left:?}");
            }
            left.is_empty().then_some(())
        }));
        let now = files(&lab.directory);
        let before = self.files.get_or_insert_with(|| now.clone());
        assert_eq!(&now, before, "{when}: files");
        self.containers.clear();
    }

    /// Processes of this machine whose arguments name the lab or one of its containers.
    fn processes(&self, lab: &TestLab) -> Vec<String> {
        let mut out = Vec::new();
        for entry in fs::read_dir("/proc").expect("processes").flatten() {
            // It may end while it is read.
            let Ok(arguments) = fs::read(entry.path().join("cmdline")) else { continue };
            let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
            let is_of_lab = arguments.contains(&lab.project)
                || arguments.split(' ').any(|word| self.containers.contains(word));
            if is_of_lab {
                out.push(arguments);
            }
        }
        out
    }
}

/// The files below a directory.
fn files(directory: &Path) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        if entry.path().is_dir() {
            out.extend(files(&entry.path()));
        } else {
            out.insert(entry.path().to_string_lossy().into_owned());
        }
    }
    out
}
