//! The lines of mounts.

use std::collections::BTreeMap;

use crate::model::container::{BindPath, Mount, MountSource};

use super::Canonical;

impl Canonical {
    pub(super) fn mount(&mut self, mount: &Mount) {
        let Mount { target, source, read_only, consistency } = mount;
        if let Some(consistency) = consistency {
            self.begin(&["mount.", target, ".consistency"]);
            self.end(consistency);
        }
        self.begin(&["mount.", target]);
        self.mount_source(source);
        self.end(if *read_only { " ro" } else { "" });
    }

    /// In parts: nearly every container has mounts.
    fn mount_source(&mut self, source: &MountSource) {
        match source {
            MountSource::Bind { path, create, propagation, selinux, recursive } => {
                match path {
                    BindPath::User(path) => {
                        self.part("bind user ");
                        self.part(&path.to_string_lossy());
                    }
                    BindPath::Engine(path) => {
                        self.part("bind engine ");
                        self.part(path);
                    }
                }
                self.part(if *create { " true " } else { " false " });
                self.part(propagation.as_deref().unwrap_or(""));
                match selinux {
                    Some(word) => self.part(&format!(" {:?}", Some(word))),
                    None => self.part(" None"),
                }
                if let Some(recursive) = recursive {
                    self.part(" ");
                    self.part(recursive.as_str());
                }
            }
            MountSource::Volume { name, nocopy, subpath, labels } => {
                self.part("volume ");
                self.part(name.as_deref().unwrap_or(""));
                self.part(if *nocopy { " true " } else { " false " });
                self.part(subpath.as_deref().unwrap_or(""));
                if !labels.is_empty() {
                    // In the text that this map has: the hash must stay what it is.
                    let labels: BTreeMap<&String, &String> = labels.iter().collect();
                    self.part(&format!(" {labels:?}"));
                }
            }
            MountSource::Tmpfs { options } => {
                self.part("tmpfs ");
                self.part(options);
            }
            // Written as the options of the other form, so that labs from before it had its own stay as they are.
            MountSource::Memory { size, mode } => {
                let size = size.map(|size| format!("size={size}"));
                let mode = mode.map(|mode| format!("mode={mode:o}"));
                let options: Vec<String> = size.into_iter().chain(mode).collect();
                self.part("tmpfs ");
                self.part(&options.join(","));
            }
            MountSource::Image { image, subpath } => {
                self.part("image ");
                self.part(image);
                self.part(" ");
                self.part(subpath.as_deref().unwrap_or(""));
            }
        }
    }
}
