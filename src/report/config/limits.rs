//! Limits of resources.

use serde_json::json;

use super::keys::Keys;
use crate::model::container::ContainerSpec;

pub(super) fn limits(keys: &mut Keys, it: &ContainerSpec) {
    keys.map("ulimits", it.ulimits.iter().map(|(key, it)| (key, json!({"soft": it.soft, "hard": it.hard}))));
    for (key, bytes) in [("shm_size", it.shm_size), ("mem_limit", it.mem_limit)] {
        if let Some(bytes) = bytes {
            keys.set(key, bytes.to_string());
        }
    }
    if let Some(nano_cpus) = it.nano_cpus {
        let (whole, part) = (nano_cpus / 1_000_000_000, nano_cpus % 1_000_000_000);
        let text = format!("{whole}.{part:09}");
        keys.set("cpus", text.trim_end_matches('0').trim_end_matches('.'));
    }
    if let Some(limit) = it.pids_limit {
        keys.set("pids_limit", limit);
    }
}
