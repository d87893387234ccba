//! `command` and `entrypoint`, and `devices`.

use crate::diag::code::Code;
use crate::model::container::Device;
use crate::spec::reader::Reader;
use crate::spec::shell_words;
use crate::spec::tree::{Node, Value};

impl Reader<'_> {
    /// A list of words or a line that is split as a shell does; `None` leaves the image's.
    pub(in crate::spec) fn command_line(&mut self, node: &Node, key: &str) -> Option<Vec<String>> {
        match &node.value {
            Value::Null => None,
            Value::Scalar { text, .. } => match shell_words::split(text) {
                Ok(words) => Some(words),
                Err(quote) => {
                    let message = format!("the quote `{quote}` in `{key}` is not closed");
                    self.error(
                        Code::BadValue,
                        node.span,
                        message,
                        "a list takes words as they are: `[sh, -c, …]`",
                    );
                    None
                }
            },
            _ => Some(self.strings(node, key)),
        }
    }

    /// `devices`: `SOURCE[:TARGET[:PERMISSIONS]]` or mappings.
    pub(in crate::spec) fn devices(&mut self, node: &Node) -> Vec<Device> {
        let Some(items) = self.list(node, "devices") else { return Vec::new() };
        items.iter().filter_map(|item| self.device(item)).collect()
    }

    fn device(&mut self, node: &Node) -> Option<Device> {
        let device = if let Value::Map(_) = node.value {
            let (mut source, mut target, mut permissions) = (None, None, None);
            for (key, value) in self.map(node, "a device", &["source", "target", "permissions"])? {
                let text = self.name(value, &format!("devices.{}", key.text));
                match key.text.as_str() {
                    "source" => source = text,
                    "target" => target = text,
                    _ => permissions = text,
                }
            }
            let Some(source) = source else {
                self.error(Code::MissingKey, node.span, "a device needs a `source`", "");
                return None;
            };
            let target = target.unwrap_or_else(|| source.clone());
            Device { source, target, permissions: permissions.unwrap_or_else(|| "rwm".to_owned()) }
        } else {
            let text = self.string(node, "devices")?;
            let parts: Vec<&str> = text.split(':').collect();
            let (source, target, permissions) = match parts[..] {
                [source] => (source, source, "rwm"),
                // The engine's command line reads a second part of only these letters as permissions.
                [source, second] if !second.starts_with('/') => (source, source, second),
                [source, target] => (source, target, "rwm"),
                [source, target, permissions] => (source, target, permissions),
                _ => {
                    self.bad(node.span, "devices", &text, "a device such as `/dev/fuse:/dev/fuse:rwm`");
                    return None;
                }
            };
            Device {
                source: source.to_owned(),
                target: target.to_owned(),
                permissions: permissions.to_owned(),
            }
        };
        if !device.source.starts_with('/') {
            if device.source.contains('=') {
                self.error(Code::NotSupported, node.span, "CDI devices are not supported yet", "");
            } else {
                self.bad(node.span, "devices", &device.source, "an absolute path");
            }
            return None;
        }
        let good = !device.permissions.is_empty() && device.permissions.chars().all(|c| "rwm".contains(c));
        if !good {
            self.bad(node.span, "devices", &device.permissions, "a set of permissions out of `rwm`");
            return None;
        }
        Some(device)
    }
}
