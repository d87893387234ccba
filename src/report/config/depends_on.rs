//! What a service waits for.

use serde_json::{Value, json};

use super::keys::Keys;
use crate::model::service::{Condition, Dependency, Target};

pub(super) fn depends_on(keys: &mut Keys, list: &[Dependency]) {
    let depends = list.iter().map(|dependency| {
        let target = match &dependency.target {
            Target::Relative(pattern) => pattern.to_string(),
            Target::Absolute(pattern) => format!("/{pattern}"),
        };
        let condition = match dependency.condition {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::Completed => "service_completed_successfully",
            Condition::Ready => "service_ready",
        };
        let mut value = json!({"condition": condition, "required": dependency.required});
        if dependency.restart {
            value["restart"] = Value::Bool(true);
        }
        (target, value)
    });
    let depends: Vec<_> = depends.collect();
    keys.map("depends_on", depends.iter().map(|(key, value)| (key, value.clone())));
}
