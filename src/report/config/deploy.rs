//! `deploy`, as written.

use serde_json::{Value, json};

use super::keys::{Keys, text};
use super::resources::{cpus, device_request};
use crate::model::container::ContainerSpec;
use crate::model::deploy::Deploy;

pub(super) fn deploy(it: &Deploy, spec: &ContainerSpec) -> Value {
    let mut keys = Keys::default();
    keys.maybe("replicas", it.replicas);
    keys.text("mode", it.mode.as_ref());
    keys.text("endpoint_mode", it.endpoint_mode.as_ref());
    keys.strings("labels", &it.labels);
    let mut limits = Keys::default();
    limits.maybe("cpus", it.limit_cpus.map(cpus));
    limits.maybe("memory", it.limit_memory.map(|bytes| bytes.to_string()));
    limits.maybe("pids", it.limit_pids);
    let mut reservations = Keys::default();
    reservations.maybe("cpus", it.reserved_cpus.map(cpus));
    reservations.maybe("memory", it.reserved_memory.map(|bytes| bytes.to_string()));
    reservations.values("devices", spec.resources.reserved_devices.iter().map(device_request).collect());
    let generic = it.generic_resources.iter();
    let generic =
        generic.map(|(kind, value)| json!({"discrete_resource_spec": {"kind": text(kind), "value": value}}));
    reservations.values("generic_resources", generic.collect());
    let mut resources = Keys::default();
    resources.keys("limits", limits);
    resources.keys("reservations", reservations);
    keys.keys("resources", resources);
    if let Some(restart) = &it.restart {
        let mut inner = Keys::default();
        inner.text("condition", restart.condition.as_ref());
        inner.duration("delay", restart.delay);
        inner.maybe("max_attempts", restart.max_attempts);
        inner.duration("window", restart.window);
        keys.set("restart_policy", inner.0);
    }
    if let Some(placement) = &it.placement {
        let mut inner = Keys::default();
        inner.list("constraints", &placement.constraints);
        inner.values("preferences", placement.spread.iter().map(|it| json!({"spread": text(it)})).collect());
        inner.maybe("max_replicas_per_node", placement.max_replicas_per_node);
        keys.set("placement", inner.0);
    }
    for (key, update) in [("update_config", &it.update), ("rollback_config", &it.rollback)] {
        let Some(update) = update else { continue };
        let mut inner = Keys::default();
        inner.maybe("parallelism", update.parallelism);
        inner.duration("delay", update.delay);
        inner.text("failure_action", update.failure_action.as_ref());
        inner.duration("monitor", update.monitor);
        inner.text("max_failure_ratio", update.max_failure_ratio.as_ref());
        inner.maybe("order", update.order);
        keys.set(key, inner.0);
    }
    Value::Object(keys.0)
}
