//! What an engine says of itself (`GET /info`, `GET /version`).

/// Facts about an engine. They may refuse, warn, or set what is outside a fingerprint, never change it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// The engine's own ID.
    pub id: String,
    /// Host name of its machine.
    pub name: String,
    /// Version of the engine.
    pub version: String,
    /// Newest API version that it serves.
    pub api_version: String,
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub arch: String,
    /// Kernel release.
    pub kernel: String,
    /// 1 or 2; 0 when the engine does not say.
    pub cgroup_version: u8,
    /// `cgroupfs`, `systemd`, `none`.
    pub cgroup_driver: String,
    /// Security options (`name=rootless`, `name=userns`, …).
    pub security: Vec<String>,
    /// OCI runtimes by name.
    pub runtimes: Vec<String>,
    /// Storage driver.
    pub storage_driver: String,
    /// File system under the storage driver (`extfs`, `xfs`), where the engine says.
    pub backing_filesystem: String,
    /// Images live in containerd's store, not in a graph driver's.
    pub containerd_store: bool,
    /// Directory of the engine's data on its machine.
    pub data_root: String,
    /// Number of CPUs.
    pub cpus: u64,
    /// Memory in bytes.
    pub memory: u64,
}

impl Facts {
    /// Whether the engine runs without root.
    pub fn is_rootless(&self) -> bool {
        self.security.iter().any(|option| option.contains("rootless"))
    }
}
