//! Health checks.

use serde_json::{Value, json};

use super::keys::Keys;
use crate::model::container::Healthcheck;

pub(super) fn healthcheck(it: &Healthcheck) -> Value {
    if it.is_disabled() {
        return json!({"disable": true});
    }
    let mut keys = Keys::default();
    keys.list("test", &it.test);
    keys.duration("interval", it.interval);
    keys.duration("timeout", it.timeout);
    keys.duration("start_period", it.start_period);
    keys.duration("start_interval", it.start_interval);
    if let Some(retries) = it.retries {
        keys.set("retries", retries);
    }
    Value::Object(keys.0)
}
