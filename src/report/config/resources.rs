//! Shares, limits of block devices, and devices that a driver chooses.

use serde_json::{Value, json};

use super::keys::{Keys, text};
use crate::model::resources::{DeviceRequest, Resources};

pub(super) fn resources(keys: &mut Keys, it: &Resources) {
    keys.maybe("cpu_count", it.cpu_count);
    keys.maybe("cpu_percent", it.cpu_percent.map(|hundredths| cpus(hundredths * 10_000_000)));
    keys.maybe("cpu_shares", it.cpu_shares);
    keys.maybe("cpu_quota", it.cpu_quota);
    keys.maybe("cpu_period", it.cpu_period);
    keys.maybe("cpu_rt_period", it.cpu_rt_period.map(|micros| micros.to_string()));
    keys.maybe("cpu_rt_runtime", it.cpu_rt_runtime.map(|micros| micros.to_string()));
    keys.text("cpuset", it.cpuset.as_ref());
    keys.maybe("mem_swappiness", it.mem_swappiness);
    keys.maybe("memswap_limit", it.memswap_limit.map(|bytes| bytes.to_string()));
    keys.flag("oom_kill_disable", it.oom_kill_disable);
    keys.maybe("oom_score_adj", it.oom_score_adj);
    keys.values("gpus", it.gpus.iter().map(device_request).collect());
    let Some(blkio) = &it.blkio else { return };
    let mut inner = Keys::default();
    inner.maybe("weight", blkio.weight);
    let weights = blkio.weight_device.iter();
    let weights = weights.map(|(path, weight)| json!({"path": text(path), "weight": weight}));
    inner.values("weight_device", weights.collect());
    for (key, limits) in [
        ("device_read_bps", &blkio.read_bps),
        ("device_read_iops", &blkio.read_iops),
        ("device_write_bps", &blkio.write_bps),
        ("device_write_iops", &blkio.write_iops),
    ] {
        let limits = limits.iter().map(|(path, rate)| json!({"path": text(path), "rate": rate.to_string()}));
        inner.values(key, limits.collect());
    }
    keys.set("blkio_config", inner.0);
}

/// 1e-9 CPUs as a number of CPUs.
pub(super) fn cpus(nanos: i64) -> String {
    let (whole, part) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let text = format!("{whole}.{part:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn device_request(it: &DeviceRequest) -> Value {
    let mut keys = Keys::default();
    keys.list("capabilities", &it.capabilities);
    keys.text("driver", it.driver.as_ref());
    keys.maybe("count", it.count.map(|count| if count == -1 { Value::from("all") } else { count.into() }));
    keys.list("device_ids", &it.device_ids);
    keys.strings("options", &it.options);
    Value::Object(keys.0)
}
