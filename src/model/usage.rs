//! What a container uses, what runs in it, and what happens to it.

use std::collections::BTreeMap;

use super::addr::Addr;

/// Processes of a container.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProcessTable {
    /// Heads of the columns.
    pub titles: Vec<String>,
    /// One row a process.
    pub rows: Vec<Vec<String>>,
}

/// What a container uses.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Usage {
    /// Share of one CPU, in percent: two busy CPUs are 200.
    pub cpu_percent: f64,
    /// Memory in bytes, without the cache that can be given back.
    pub memory: u64,
    /// Limit of memory in bytes.
    pub memory_limit: u64,
    /// Bytes received over networks.
    pub received: u64,
    /// Bytes sent over networks.
    pub sent: u64,
    /// Bytes read from disks.
    pub read: u64,
    /// Bytes written to disks.
    pub written: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// Figures of one container.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Whose.
    pub addr: Addr,
    /// Its container.
    pub container: String,
    /// ID of the container.
    pub id: String,
    /// What it uses; `None`: it does not run, or has just ended.
    pub usage: Option<Usage>,
}

/// An image of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedImage {
    /// Whose.
    pub addr: Addr,
    /// Its container.
    pub container: String,
    /// The reference that the container was made from.
    pub reference: String,
    /// ID on its engine.
    pub id: String,
    /// Size in bytes, if the engine still has it.
    pub size: Option<i64>,
}

/// Something that happened to a container of the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Nanoseconds since 1970, by the clock of the engine.
    pub time: i64,
    /// Whose container.
    pub addr: Addr,
    /// `start`, `die`, ….
    pub action: String,
    /// Name of the container.
    pub container: String,
    /// ID of the container.
    pub id: String,
    /// Image, signal, exit code and the user's labels.
    pub attributes: BTreeMap<String, String>,
}
