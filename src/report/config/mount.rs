//! Mounts in their long form.

use serde_json::Value;

use super::keys::{Keys, text};
use crate::model::container::{BindPath, Mount, MountSource};

pub(super) fn mount(it: &Mount) -> Value {
    let mut keys = Keys::default();
    keys.set("target", text(&it.target));
    keys.flag("read_only", it.read_only);
    match &it.source {
        MountSource::Bind { path, create, propagation, selinux } => {
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
            keys.set("bind", bind.0);
        }
        MountSource::Volume { name, nocopy, subpath } => {
            keys.set("type", "volume");
            keys.text("source", name.as_ref());
            let mut volume = Keys::default();
            volume.flag("nocopy", *nocopy);
            volume.text("subpath", subpath.as_ref());
            if !volume.0.is_empty() {
                keys.set("volume", volume.0);
            }
        }
        MountSource::Tmpfs { options } => {
            keys.set("type", "tmpfs");
            let mut tmpfs = Keys::default();
            for option in options.split(',') {
                match option.split_once('=') {
                    Some(("size", size)) => tmpfs.set("size", text(size)),
                    Some(("mode", mode)) => tmpfs.set("mode", u32::from_str_radix(mode, 8).unwrap_or(0o1777)),
                    _ => {}
                }
            }
            if !tmpfs.0.is_empty() {
                keys.set("tmpfs", tmpfs.0);
            }
        }
    }
    Value::Object(keys.0)
}
