//! Mounts in the forms that the engine has for them.
//!
//! As Compose chooses them (`buildContainerVolumes`), so that an inspection shows the same:
//!
//! | what | form |
//! |---|---|
//! | a path that is made if it is not there, without propagation and `recursive`, or is relabelled | `Binds` |
//! | any other path | `Mounts` |
//! | a named volume without options | `Binds` |
//! | any other volume, an image, memory with options of its own | `Mounts` |
//! | memory with options as text | `HostConfig.Tmpfs` |

use std::collections::HashMap;

use bollard::models::{
    Mount as ApiMount, MountBindOptions, MountImageOptions, MountTmpfsOptions, MountType, MountVolumeOptions,
};
use serde_json::Value;

use super::container::CannotAsk;
use super::some::some_map;
use crate::engine::docker::transport::ApiMinor;
use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource, Recursive};

/// The first API with `VolumeOptions.Subpath`.
const SUBPATH: ApiMinor = 45;
/// The first API with mounts of images.
const IMAGE: ApiMinor = 48;

#[derive(Default)]
pub(super) struct Mounts {
    pub(super) binds: Vec<String>,
    pub(super) typed: Vec<ApiMount>,
    pub(super) tmpfs: HashMap<String, String>,
}

/// All mounts.
pub(super) fn mounts(spec: &ContainerSpec, api: ApiMinor) -> Result<Mounts, CannotAsk> {
    let mut out = Mounts::default();
    for mount in &spec.mounts {
        match &mount.source {
            MountSource::Bind { path, create, propagation, selinux, recursive } => {
                let source = source_of(path)?;
                let colon = source.contains(':') || mount.target.contains(':');
                if selinux.is_some() && colon {
                    return Err(CannotAsk::Colon(source));
                }
                let plain = *create && propagation.is_none() && recursive.is_none();
                // Only this form can ask for a label; Compose loses the label where it takes the other.
                if selinux.is_some() || (plain && !colon) {
                    out.binds.push(bind_text(mount, &source, propagation.as_deref(), *selinux));
                } else {
                    out.typed.push(bind_mount(mount, source, *create, propagation.as_deref(), *recursive)?);
                }
            }
            MountSource::Volume { name: Some(name), nocopy: false, subpath: None, labels }
                if labels.is_empty() =>
            {
                out.binds.push(bind_text(mount, name, None, None));
            }
            MountSource::Volume { name, nocopy, subpath, labels } => {
                since("volume.subpath", subpath.is_some(), SUBPATH, api)?;
                out.typed.push(ApiMount {
                    source: name.clone(),
                    volume_options: Some(MountVolumeOptions {
                        no_copy: nocopy.then_some(true),
                        subpath: subpath.clone(),
                        labels: some_map(labels),
                        ..MountVolumeOptions::default()
                    }),
                    ..typed(mount, MountType::VOLUME)
                });
            }
            MountSource::Tmpfs { options } => {
                let mut options = options.clone();
                if mount.read_only && !options.split(',').any(|option| option == "ro") {
                    options = if options.is_empty() { "ro".to_owned() } else { format!("{options},ro") };
                }
                out.tmpfs.insert(mount.target.clone(), options);
            }
            MountSource::Memory { size, mode } => out.typed.push(ApiMount {
                tmpfs_options: (size.is_some() || mode.is_some()).then(|| MountTmpfsOptions {
                    size_bytes: *size,
                    mode: mode.map(i64::from),
                    options: None,
                }),
                ..typed(mount, MountType::TMPFS)
            }),
            MountSource::Image { image, subpath } => {
                since("a volume of type `image`", true, IMAGE, api)?;
                out.typed.push(ApiMount {
                    source: Some(image.clone()),
                    image_options: subpath
                        .clone()
                        .map(|subpath| MountImageOptions { subpath: Some(subpath) }),
                    ..typed(mount, MountType::IMAGE)
                });
            }
        }
    }
    Ok(out)
}

fn since(what: &'static str, asked: bool, since: ApiMinor, api: ApiMinor) -> Result<(), CannotAsk> {
    if asked && api < since { Err(CannotAsk::TooOld { what, since, api }) } else { Ok(()) }
}

/// What all forms of `Mounts` share.
fn typed(mount: &Mount, kind: MountType) -> ApiMount {
    ApiMount {
        typ: Some(kind),
        target: Some(mount.target.clone()),
        read_only: mount.read_only.then_some(true),
        consistency: mount.consistency.clone(),
        ..ApiMount::default()
    }
}

fn source_of(path: &BindPath) -> Result<String, CannotAsk> {
    match path {
        BindPath::Engine(path) => Ok(path.clone()),
        BindPath::User(path) => path
            .to_str()
            .map(str::to_owned)
            .ok_or_else(|| CannotAsk::Path(path.to_string_lossy().into_owned())),
    }
}

/// `source:target[:options]`, as `docker run -v` takes it.
fn bind_text(mount: &Mount, source: &str, propagation: Option<&str>, selinux: Option<char>) -> String {
    let mut options = vec![if mount.read_only { "ro" } else { "rw" }.to_owned()];
    options.extend(selinux.map(String::from));
    options.extend(propagation.map(str::to_owned));
    format!("{source}:{}:{}", mount.target, options.join(","))
}

fn bind_mount(
    mount: &Mount,
    source: String,
    create: bool,
    propagation: Option<&str>,
    recursive: Option<Recursive>,
) -> Result<ApiMount, CannotAsk> {
    let propagation = match propagation {
        None => None,
        Some(word) => Some(
            serde_json::from_value(Value::from(word))
                .map_err(|_| CannotAsk::Word { key: "bind.propagation", value: word.to_owned() })?,
        ),
    };
    Ok(ApiMount {
        source: Some(source),
        bind_options: Some(MountBindOptions {
            propagation,
            create_mountpoint: create.then_some(true),
            non_recursive: (recursive == Some(Recursive::Disabled)).then_some(true),
            read_only_non_recursive: (recursive == Some(Recursive::Writable)).then_some(true),
            read_only_force_recursive: (recursive == Some(Recursive::Readonly)).then_some(true),
        }),
        ..typed(mount, MountType::BIND)
    })
}
