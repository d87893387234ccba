//! Limits of resources.

use serde_json::json;

use super::keys::Keys;
use super::resources::{cpus, resources};
use crate::model::container::ContainerSpec;
use crate::model::deploy::Deploy;

/// What `deploy` says is printed there alone.
pub(super) fn limits(keys: &mut Keys, it: &ContainerSpec, deploy: &Deploy) {
    keys.map("ulimits", it.ulimits.iter().map(|(key, it)| (key, json!({"soft": it.soft, "hard": it.hard}))));
    let mem_limit = it.mem_limit.filter(|_| deploy.limit_memory.is_none());
    let mem_reservation = it.resources.mem_reservation.filter(|_| deploy.reserved_memory.is_none());
    for (key, bytes) in
        [("shm_size", it.shm_size), ("mem_limit", mem_limit), ("mem_reservation", mem_reservation)]
    {
        keys.maybe(key, bytes.map(|bytes| bytes.to_string()));
    }
    keys.maybe("cpus", it.nano_cpus.filter(|_| deploy.limit_cpus.is_none()).map(cpus));
    keys.maybe("pids_limit", it.pids_limit.filter(|_| deploy.limit_pids.is_none()));
    resources(keys, &it.resources);
}
