//! `volumes` and `tmpfs` of services, `volumes` of layers.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest;
use crate::model::container::{Mount, MountSource};
use crate::model::service::Service;
use crate::model::span::Span;
use crate::model::topology::VolumeDef;
use crate::spec::load::normalize;
use crate::spec::reader::{Reader, Scope};
use crate::spec::tree::{Node, Value};

use super::layer::Definitions;

const PROPAGATIONS: &[&str] = &["private", "rprivate", "shared", "rshared", "slave", "rslave"];
const KEYS: &[&str] = &["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"];

impl Reader<'_> {
    /// Adds the mounts of `volumes` and `tmpfs` to those of configs and secrets.
    pub(in crate::spec) fn mounts(
        &mut self,
        node: &Node,
        scope: &Scope,
        defs: &Definitions,
        service: &mut Service,
    ) {
        let mut places: BTreeMap<String, Span> = BTreeMap::new();
        for mount in &service.spec.mounts {
            places.insert(mount.target.clone(), service.span_of("configs"));
        }
        let mut found: Vec<(Mount, Span)> = Vec::new();
        if let Some(volumes) = node.get("volumes") {
            for item in self.list(volumes, "volumes").unwrap_or_default() {
                let mount = if let Value::Map(_) = item.value {
                    self.long_mount(item, scope)
                } else {
                    self.short_mount(item, scope)
                };
                if let Some(mount) = mount {
                    self.known_volume(&mount, defs, item.span);
                    found.push((mount, item.span));
                }
            }
        }
        if let Some(tmpfs) = node.get("tmpfs") {
            for text in self.string_or_strings(tmpfs, "tmpfs") {
                let (target, options) = text.split_once(':').unwrap_or((&text, ""));
                let source = MountSource::Tmpfs { options: options.to_owned() };
                if let Some(target) = self.target(target, tmpfs.span) {
                    found.push((Mount { target, source, read_only: false }, tmpfs.span));
                }
            }
        }
        for (mount, span) in found {
            if let Some(first) = places.insert(mount.target.clone(), span) {
                self.diagnostics.push(
                    Diagnostic::error(Code::Contradiction, format!("two mounts at `{}`", mount.target))
                        .at(span, "this one")
                        .at(first, "and this one"),
                );
                continue;
            }
            service.spec.mounts.push(mount);
        }
    }

    fn target(&mut self, text: &str, span: Span) -> Option<String> {
        if !text.starts_with('/') {
            self.bad(span, "volumes", text, "an absolute path in the container");
            return None;
        }
        let target = normalize(Path::new(text)).to_string_lossy().into_owned();
        if target == "/" {
            self.error(Code::BadValue, span, "nothing can be mounted over the root directory", "");
            return None;
        }
        Some(target)
    }

    fn short_mount(&mut self, node: &Node, scope: &Scope) -> Option<Mount> {
        let text = self.name(node, "volumes")?;
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, modes) = match parts[..] {
            [target] => (None, target, ""),
            [source, target] => (Some(source), target, ""),
            [source, target, modes] => (Some(source), target, modes),
            _ => {
                self.bad(node.span, "volumes", &text, "a mount such as `./here:/there:ro`");
                return None;
            }
        };
        let target = self.target(target, node.span)?;
        let (mut read_only, mut nocopy, mut propagation, mut selinux) = (false, false, None, None);
        for mode in modes.split(',').filter(|mode| !mode.is_empty()) {
            match mode {
                "ro" => read_only = true,
                // Consistency modes are of Docker Desktop for Mac and mean nothing elsewhere.
                "rw" | "cached" | "delegated" | "consistent" => {}
                "nocopy" => nocopy = true,
                "z" | "Z" => selinux = mode.chars().next(),
                mode if PROPAGATIONS.contains(&mode) => propagation = Some(mode.to_owned()),
                mode => self.bad(node.span, "volumes", mode, "a mode of a mount such as `ro`"),
            }
        }
        let source = match source {
            None => MountSource::Volume { name: None, nocopy, subpath: None },
            Some(source) if source.starts_with(['.', '/', '~']) => {
                let path = self.bind_path(scope, source, node.span)?;
                MountSource::Bind { path, create: true, propagation, selinux }
            }
            Some(source) => {
                if source.contains('/') || source.is_empty() {
                    let help = format!("a path beside the lab file begins with `./`: `./{source}`");
                    self.error(
                        Code::BadValue,
                        node.span,
                        format!("`{source}` is not a volume's name"),
                        &help,
                    );
                    return None;
                }
                MountSource::Volume { name: Some(source.to_owned()), nocopy, subpath: None }
            }
        };
        Some(Mount { target, source, read_only })
    }

    fn long_mount(&mut self, node: &Node, scope: &Scope) -> Option<Mount> {
        let entries = self.map(node, "a mount", KEYS)?;
        let find = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| *value);
        let Some(kind) = find("type") else {
            self.error(Code::MissingKey, node.span, "a mount needs a `type`", "`bind`, `volume` or `tmpfs`");
            return None;
        };
        if matches!(&kind.value, Value::Scalar { text, .. } if ["image", "cluster", "npipe"].contains(&text.as_str()))
        {
            self.error(Code::NotSupported, kind.span, "this type of mount is not supported yet", "");
            return None;
        }
        let kind_name = self.word(kind, "type", &["bind", "volume", "tmpfs"])?;
        let Some(target) = find("target") else {
            self.error(Code::MissingKey, node.span, "a mount needs a `target`", "");
            return None;
        };
        let target_text = self.string(target, "target")?;
        let target = self.target(&target_text, target.span)?;
        let read_only =
            find("read_only").and_then(|value| self.boolean(value, "read_only")).unwrap_or_default();
        for (key, value) in &entries {
            let other = ["bind", "volume", "tmpfs"].contains(&key.text.as_str()) && key.text != kind_name;
            if other && !value.is_null() {
                let message = format!("a mount of type `{kind_name}` has no `{}`", key.text);
                self.error(Code::Contradiction, key.span, message, "");
            }
        }
        let source = find("source");
        let options = find(&kind_name);
        let source = match kind_name.as_str() {
            "bind" => {
                let Some(source) = source else {
                    self.error(Code::MissingKey, node.span, "a bind needs a `source`", "");
                    return None;
                };
                let text = self.name(source, "source")?;
                let path = self.bind_path(scope, &text, source.span)?;
                self.bind_options(options, path)
            }
            "volume" => {
                let name = source.and_then(|source| self.name(source, "source"));
                self.volume_options(options, name)
            }
            _ => {
                if let Some(source) = source {
                    self.error(
                        Code::Contradiction,
                        source.span,
                        "a mount of type `tmpfs` has no `source`",
                        "",
                    );
                }
                self.tmpfs_options(options)
            }
        };
        Some(Mount { target, source, read_only })
    }

    fn bind_options(
        &mut self,
        options: Option<&Node>,
        path: crate::model::container::BindPath,
    ) -> MountSource {
        let (mut create, mut propagation, mut selinux) = (true, None, None);
        if let Some(options) = options {
            let known = ["propagation", "create_host_path", "recursive", "selinux"];
            for (key, value) in self.map(options, "`bind`", &known).unwrap_or_default() {
                match key.text.as_str() {
                    "propagation" => propagation = self.word(value, "propagation", PROPAGATIONS),
                    "create_host_path" => create = self.boolean(value, "create_host_path").unwrap_or(true),
                    "selinux" => {
                        selinux =
                            self.word(value, "selinux", &["z", "Z"]).and_then(|word| word.chars().next());
                    }
                    _ => {
                        if self
                            .word(value, "recursive", &["enabled", "disabled", "writable", "readonly"])
                            .is_some_and(|word| word != "enabled")
                        {
                            self.not_supported(key);
                        }
                    }
                }
            }
        }
        MountSource::Bind { path, create, propagation, selinux }
    }

    fn volume_options(&mut self, options: Option<&Node>, name: Option<String>) -> MountSource {
        let (mut nocopy, mut subpath) = (false, None);
        if let Some(options) = options {
            for (key, value) in
                self.map(options, "`volume`", &["nocopy", "subpath", "labels"]).unwrap_or_default()
            {
                match key.text.as_str() {
                    "nocopy" => nocopy = self.boolean(value, "nocopy").unwrap_or_default(),
                    "subpath" => subpath = self.name(value, "subpath"),
                    _ => self.not_supported(key),
                }
            }
        }
        MountSource::Volume { name, nocopy, subpath }
    }

    fn tmpfs_options(&mut self, options: Option<&Node>) -> MountSource {
        let mut words = Vec::new();
        if let Some(options) = options {
            for (key, value) in self.map(options, "`tmpfs`", &["size", "mode"]).unwrap_or_default() {
                match key.text.as_str() {
                    "size" => words.extend(self.bytes(value, "size").map(|size| format!("size={size}"))),
                    _ => words.extend(self.mode(value).map(|mode| format!("mode={mode:o}"))),
                }
            }
        }
        words.sort_unstable();
        MountSource::Tmpfs { options: words.join(",") }
    }

    fn known_volume(&mut self, mount: &Mount, defs: &Definitions, span: Span) {
        let MountSource::Volume { name: Some(name), .. } = &mount.source else { return };
        if defs.volumes.contains_key(name) {
            return;
        }
        let help = match suggest::nearest(name, defs.volumes.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it under `volumes` of the layer, or write `./{name}` for a path"),
        };
        self.error(Code::UnknownVolume, span, format!("the layer has no volume `{name}`"), &help);
    }

    /// `volumes` of a layer.
    pub(in crate::spec) fn volume_defs(&mut self, node: &Node) -> BTreeMap<String, VolumeDef> {
        let mut out = BTreeMap::new();
        for (key, value) in self.entries(node, "volumes").unwrap_or_default() {
            if key.text.starts_with("x-") {
                continue;
            }
            let mut def = VolumeDef { span: key.span, ..VolumeDef::default() };
            let of = format!("the volume `{}`", key.text);
            let known = ["name", "driver", "driver_opts", "external", "labels"];
            for (name, value) in self.map(value, &of, &known).unwrap_or_default() {
                match name.text.as_str() {
                    "name" => def.name = self.name(value, "name"),
                    "driver" => def.spec.driver = self.name(value, "driver"),
                    "driver_opts" => def.spec.driver_opts = self.text_map(value, "driver_opts"),
                    "labels" => def.spec.labels = self.text_map(value, "labels"),
                    _ => def.external = self.external(value, &mut def.name),
                }
            }
            // An external object is called by its key, without the project's name.
            if def.external && def.name.is_none() {
                def.name = Some(key.text.clone());
            }
            out.insert(key.text.clone(), def);
        }
        out
    }

    /// `external`: a boolean, or the old mapping with a `name`.
    pub(in crate::spec) fn external(&mut self, node: &Node, name: &mut Option<String>) -> bool {
        if let Value::Map(_) = node.value {
            self.warn(
                Code::Deprecated,
                node.span,
                "`external` as a mapping is deprecated",
                "write `external: true` and `name`",
            );
            for (_, value) in self.map(node, "`external`", &["name"]).unwrap_or_default() {
                *name = self.name(value, "external.name");
            }
            return true;
        }
        self.boolean(node, "external").unwrap_or_default()
    }
}
