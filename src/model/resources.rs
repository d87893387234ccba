//! Shares, limits and devices of a container beside the few that nearly every file has.

use std::collections::BTreeMap;

/// What the kernel gives a container, as asked for. Every field at its default is the engine's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resources {
    /// CPUs to use (Windows).
    pub cpu_count: Option<i64>,
    /// Part of the CPUs in 1e-2 percent, as the Engine API takes it (Windows).
    pub cpu_percent: Option<i64>,
    /// Weight.
    pub cpu_shares: Option<i64>,
    /// Microseconds in each period; -1 for none.
    pub cpu_quota: Option<i64>,
    /// Microseconds.
    pub cpu_period: Option<i64>,
    /// Microseconds (cgroup v1).
    pub cpu_rt_period: Option<i64>,
    /// Microseconds (cgroup v1).
    pub cpu_rt_runtime: Option<i64>,
    /// `0-3`, `0,1`.
    pub cpuset: Option<String>,
    /// Bytes.
    pub mem_reservation: Option<i64>,
    /// 0 to 100 (cgroup v1).
    pub mem_swappiness: Option<i64>,
    /// Bytes of memory and swap; -1 for no limit.
    pub memswap_limit: Option<i64>,
    /// Not killed when memory runs out (cgroup v1).
    pub oom_kill_disable: bool,
    /// -1000 to 1000.
    pub oom_score_adj: Option<i64>,
    /// Block devices.
    pub blkio: Option<Box<Blkio>>,
    /// `gpus`.
    pub gpus: Vec<DeviceRequest>,
    /// `deploy.resources.reservations.devices`.
    pub reserved_devices: Vec<DeviceRequest>,
}

/// Weights and limits of block devices.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Blkio {
    /// 10 to 1000.
    pub weight: Option<u16>,
    /// By device.
    pub weight_device: Vec<(String, u16)>,
    /// Bytes a second, by device.
    pub read_bps: Vec<(String, i64)>,
    /// Operations a second, by device.
    pub read_iops: Vec<(String, i64)>,
    /// Bytes a second, by device.
    pub write_bps: Vec<(String, i64)>,
    /// Operations a second, by device.
    pub write_iops: Vec<(String, i64)>,
}

/// Devices that a driver of the engine chooses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct DeviceRequest {
    /// What they must be capable of, as the file says (`gpus` adds `gpu` by itself).
    pub capabilities: Vec<String>,
    /// The driver.
    pub driver: Option<String>,
    /// How many; -1 for all.
    pub count: Option<i64>,
    /// Which.
    pub device_ids: Vec<String>,
    /// Options of the driver.
    pub options: BTreeMap<String, String>,
}
