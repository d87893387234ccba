//! Mounts in their long form.

use serde_json::Value;

use super::keys::{Keys, text};
use crate::model::container::{BindPath, Mount, MountSource, Recursive};

pub(super) fn mount(it: &Mount) -> Value {
    let mut keys = Keys::default();
    keys.set("target", text(&it.target));
    keys.flag("read_only", it.read_only);
    keys.text("consistency", it.consistency.as_ref());
    match &it.source {
        MountSource::Bind { path, create, propagation, selinux, recursive } => {
            keys.set("type", "bind");
            keys.set(
                "source",
                text(&match path {
                    BindPath::User(path) => path.display().to_string(),
                    BindPath::Engine(path) => path.clone(),
                }),
            );
            let mut bind = Keys::default();
            bind.set("create_host_path", *create);
            bind.text("propagation", propagation.as_ref());
            if let Some(label) = selinux {
                bind.set("selinux", label.to_string());
            }
            bind.maybe("recursive", recursive.map(Recursive::as_str));
            keys.set("bind", bind.0);
        }
        MountSource::Volume { name, nocopy, subpath, labels } => {
            keys.set("type", "volume");
            keys.text("source", name.as_ref());
            let mut volume = Keys::default();
            volume.flag("nocopy", *nocopy);
            volume.text("subpath", subpath.as_ref());
            volume.strings("labels", labels);
            if !volume.0.is_empty() {
                keys.set("volume", volume.0);
            }
        }
        // Printed as `tmpfs`.
        MountSource::Tmpfs { .. } => {}
        MountSource::Memory { size, mode } => {
            keys.set("type", "tmpfs");
            let mut tmpfs = Keys::default();
            tmpfs.maybe("size", size.map(|bytes| bytes.to_string()));
            tmpfs.maybe("mode", *mode);
            keys.keys("tmpfs", tmpfs);
        }
        MountSource::Image { image, subpath } => {
            keys.set("type", "image");
            keys.set("source", text(image));
            let mut options = Keys::default();
            options.text("subpath", subpath.as_ref());
            keys.keys("image", options);
        }
    }
    Value::Object(keys.0)
}
