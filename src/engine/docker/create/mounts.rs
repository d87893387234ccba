//! Mounts in the forms that the engine has for them.
//!
//! | what | form |
//! |---|---|
//! | a path that is made if it is not there, or is relabelled | `HostConfig.Binds` |
//! | a path that must exist | `HostConfig.Mounts` |
//! | a named volume | `HostConfig.Mounts` |
//! | an anonymous volume | `Config.Volumes`, or `Mounts` if it has options |
//! | memory | `HostConfig.Tmpfs`, the only form that takes options as text |

use std::collections::HashMap;

use bollard::models::{Mount as ApiMount, MountBindOptions, MountType, MountVolumeOptions};
use serde_json::Value;

use super::container::CannotAsk;
use crate::engine::docker::transport::ApiMinor;
use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource};

/// The first API with `VolumeOptions.Subpath`.
const SUBPATH: ApiMinor = 45;

#[derive(Default)]
pub(super) struct Mounts {
    pub(super) binds: Vec<String>,
    pub(super) typed: Vec<ApiMount>,
    pub(super) tmpfs: HashMap<String, String>,
}

fn is_plain_anonymous(mount: &Mount) -> bool {
    let plain = MountSource::Volume { name: None, nocopy: false, subpath: None };
    !mount.read_only && mount.source == plain
}

/// Targets of anonymous volumes without options.
pub(super) fn anonymous(spec: &ContainerSpec) -> Vec<String> {
    let plain = spec.mounts.iter().filter(|mount| is_plain_anonymous(mount));
    plain.map(|mount| mount.target.clone()).collect()
}

/// All the others.
pub(super) fn mounts(spec: &ContainerSpec, api: ApiMinor) -> Result<Mounts, CannotAsk> {
    let mut out = Mounts::default();
    for mount in spec.mounts.iter().filter(|mount| !is_plain_anonymous(mount)) {
        match &mount.source {
            MountSource::Bind { path, create, propagation, selinux } => {
                let source = source_of(path)?;
                let colon = source.contains(':') || mount.target.contains(':');
                if selinux.is_some() && colon {
                    return Err(CannotAsk::Colon(source));
                }
                if selinux.is_some() || (*create && !colon) {
                    out.binds.push(bind_text(mount, &source, propagation.as_deref(), *selinux));
                } else {
                    out.typed.push(bind_mount(mount, source, *create, propagation.as_deref())?);
                }
            }
            MountSource::Volume { name, nocopy, subpath } => {
                if subpath.is_some() && api < SUBPATH {
                    return Err(CannotAsk::TooOld { what: "volume.subpath", since: SUBPATH, api });
                }
                let options = (*nocopy || subpath.is_some()).then(|| MountVolumeOptions {
                    no_copy: nocopy.then_some(true),
                    subpath: subpath.clone(),
                    ..MountVolumeOptions::default()
                });
                out.typed.push(ApiMount {
                    typ: Some(MountType::VOLUME),
                    source: name.clone(),
                    target: Some(mount.target.clone()),
                    read_only: mount.read_only.then_some(true),
                    volume_options: options,
                    ..ApiMount::default()
                });
            }
            MountSource::Tmpfs { options } => {
                let mut options = options.clone();
                if mount.read_only && !options.split(',').any(|option| option == "ro") {
                    options = if options.is_empty() { "ro".to_owned() } else { format!("{options},ro") };
                }
                out.tmpfs.insert(mount.target.clone(), options);
            }
        }
    }
    Ok(out)
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
    let mut options: Vec<String> = Vec::new();
    if mount.read_only {
        options.push("ro".to_owned());
    }
    options.extend(selinux.map(String::from));
    options.extend(propagation.map(str::to_owned));
    let mut text = format!("{source}:{}", mount.target);
    if !options.is_empty() {
        text.push(':');
        text.push_str(&options.join(","));
    }
    text
}

fn bind_mount(
    mount: &Mount,
    source: String,
    create: bool,
    propagation: Option<&str>,
) -> Result<ApiMount, CannotAsk> {
    let propagation = match propagation {
        None => None,
        Some(word) => Some(
            serde_json::from_value(Value::from(word))
                .map_err(|_| CannotAsk::Word { key: "bind.propagation", value: word.to_owned() })?,
        ),
    };
    let options = (create || propagation.is_some()).then(|| MountBindOptions {
        propagation,
        create_mountpoint: create.then_some(true),
        ..MountBindOptions::default()
    });
    Ok(ApiMount {
        typ: Some(MountType::BIND),
        source: Some(source),
        target: Some(mount.target.clone()),
        read_only: mount.read_only.then_some(true),
        bind_options: options,
        ..ApiMount::default()
    })
}
