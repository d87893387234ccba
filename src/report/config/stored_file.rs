//! Configs and secrets: as the layer defines them, and as a service uses them.

use serde_json::{Value, json};

use super::keys::{Keys, text};
use crate::model::behaviour::{FileDef, FileRole, FileSource, FileUse};

/// A config or secret of a layer. Of a variable its name is shown, not its value.
pub(super) fn definition(it: &FileDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    match &it.source {
        FileSource::Refused => {}
        FileSource::File(path) => keys.set("file", text(&path.display().to_string())),
        FileSource::Content(content) => keys.set("content", text(content)),
        FileSource::Environment(variable) => keys.set("environment", text(variable)),
        FileSource::External => keys.flag("external", true),
    }
    keys.strings("labels", &it.labels);
    Value::Object(keys.0)
}

/// The configs or secrets of a service.
pub(super) fn uses(all: &[FileUse], role: FileRole) -> Vec<Value> {
    let wanted = all.iter().filter(|uses| uses.role == role);
    let shown = wanted.map(|uses| {
        let mut keys = Keys::default();
        keys.set("source", text(&uses.source));
        keys.text("target", uses.target.as_ref());
        keys.text("uid", uses.uid.as_ref());
        keys.text("gid", uses.gid.as_ref());
        if let Some(mode) = uses.mode {
            keys.set("mode", json!(format!("{mode:04o}")));
        }
        Value::Object(keys.0)
    });
    shown.collect()
}
