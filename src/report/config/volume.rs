//! Volumes of a layer.

use serde_json::Value;

use super::keys::Keys;
use crate::model::topology::VolumeDef;

pub(super) fn volume(it: &VolumeDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    keys.flag("external", it.external);
    keys.text("driver", it.spec.driver.as_ref());
    keys.strings("driver_opts", &it.spec.driver_opts);
    keys.strings("labels", &it.spec.labels);
    Value::Object(keys.0)
}
