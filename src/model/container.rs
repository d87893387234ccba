//! All that an engine is asked for when a container is made.
//!
//! One type from the reader of the file to the Engine API: `spec` fills it from the file, the planner adds what
//! the kind asks for and resolves names, `plan::fingerprint` hashes it, `engine` sends it. Defaults are the
//! engine's; a field at its default is left out of the request and of the hash.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::label::Labels;
use super::map::Map;
use super::resources::Resources;

/// A container as asked for. Labels of nestctl and the name are apart: they are not part of the fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ContainerSpec {
    /// Image reference as the file writes it.
    pub image: String,
    /// `os/arch[/variant]`.
    pub platform: Option<String>,
    /// A program inside the container that is put before the image's (or the file's) entrypoint and command and
    /// is to `exec "$@"`: a node's start script.
    pub wrapper: Option<String>,
    /// Overrides the image's entrypoint; an empty list clears it.
    pub entrypoint: Option<Vec<String>>,
    /// Overrides the image's command.
    pub command: Option<Vec<String>>,
    /// Environment; `None` removes a variable of the image.
    pub environment: Map<String, Option<String>>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// `user[:group]`.
    pub user: Option<String>,
    /// Host name inside.
    pub hostname: Option<String>,
    /// NIS domain name inside.
    pub domainname: Option<String>,
    /// A terminal on the standard streams.
    pub tty: bool,
    /// Standard input stays open.
    pub stdin_open: bool,
    /// The engine's init as PID 1; `None` leaves it to the daemon's configuration.
    pub init: Option<bool>,
    /// Extended privileges.
    pub privileged: bool,
    /// Standard input is of the one who attaches first, and ends with it (one-off containers).
    pub stdin_once: bool,
    /// The engine removes it when it has ended (one-off containers).
    pub auto_remove: bool,
    /// Read-only root file system.
    pub read_only: bool,
    /// Capabilities to add.
    pub cap_add: Vec<String>,
    /// Capabilities to drop.
    pub cap_drop: Vec<String>,
    /// Security options as the CLI writes them. `systempaths=unconfined` is the CLI's own and is turned into
    /// empty masked and read-only paths (docker/cli `cli/command/container/opts.go`).
    pub security_opt: Vec<String>,
    /// Seccomp profiles that `security_opt` names, by the name that it uses: JSON without white space.
    pub seccomp_profiles: BTreeMap<String, String>,
    /// Devices; a CDI name (`vendor.com/class=name`) has itself as its target.
    pub devices: Vec<Device>,
    /// Rules of the device cgroup.
    pub device_cgroup_rules: Vec<String>,
    /// Extra groups.
    pub group_add: Vec<String>,
    /// OCI runtime.
    pub runtime: Option<String>,
    /// Cgroup namespace: `host` or `private`.
    pub cgroup: Option<String>,
    /// Parent cgroup.
    pub cgroup_parent: Option<String>,
    /// Something other than networks of the layer.
    pub network_mode: Option<NetworkMode>,
    /// PID namespace: `host`, `container:<name>`, or `service:<name>` until the planner has resolved it.
    pub pid: Option<String>,
    /// IPC namespace: a word, `container:<name>`, or `service:<name>` until the planner has resolved it.
    pub ipc: Option<String>,
    /// UTS namespace: `host`.
    pub uts: Option<String>,
    /// User namespace: `host`.
    pub userns: Option<String>,
    /// Kernel parameters of the namespaces.
    pub sysctls: BTreeMap<String, String>,
    /// Resource limits by name.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Size of /dev/shm in bytes.
    pub shm_size: Option<i64>,
    /// Memory limit in bytes.
    pub mem_limit: Option<i64>,
    /// CPU limit in 1e-9 CPUs.
    pub nano_cpus: Option<i64>,
    /// Limit of processes.
    pub pids_limit: Option<i64>,
    /// Signal that stops the container.
    pub stop_signal: Option<String>,
    /// Time between the stop signal and the kill.
    pub stop_grace_period: Option<Duration>,
    /// Restart policy.
    pub restart: RestartPolicy,
    /// Health check; `None` leaves the image's.
    pub healthcheck: Option<Box<Healthcheck>>,
    /// Published ports.
    pub ports: Vec<PortBinding>,
    /// Exposed ports, `80/tcp`.
    pub expose: Vec<String>,
    /// Mounts, one a target.
    pub mounts: Vec<Mount>,
    /// Networks: key in the file until the planner has put the engine's name there.
    pub networks: Map<String, Endpoint>,
    /// Labels that the user gives.
    pub labels: Labels,
    /// `host:address` lines for /etc/hosts.
    pub extra_hosts: Vec<String>,
    /// DNS servers.
    pub dns: Vec<String>,
    /// DNS search domains.
    pub dns_search: Vec<String>,
    /// Resolver options.
    pub dns_opt: Vec<String>,
    /// Log driver and its options.
    pub logging: Option<Box<Logging>>,
    /// Annotations for the OCI runtime.
    pub annotations: BTreeMap<String, String>,
    /// MAC address in the first network, unless its endpoint has one.
    pub mac_address: Option<String>,
    /// Options of the storage driver.
    pub storage_opt: BTreeMap<String, String>,
    /// Isolation; on Linux `default` alone.
    pub isolation: Option<String>,
    /// Shares, limits and devices beside those above; `None` where the file gives none. As with other boxes here, most
    /// containers have none, and a lab can have thousands of them.
    pub resources: Option<Box<Resources>>,
    /// Names of other containers, `CONTAINER:ALIAS`; each network's part says it again.
    pub links: Vec<String>,
    /// Containers whose volumes are mounted as well, `CONTAINER[:ro|:rw]`.
    pub volumes_from: Vec<String>,
}

/// Network modes that stand in place of networks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkMode {
    /// `none`.
    None,
    /// `host`.
    Host,
    /// `bridge`: the engine's default bridge.
    Bridge,
    /// `service:NAME`, the network of a sibling's first container.
    Service(String),
    /// `container:NAME`.
    Container(String),
    /// A network that is on the engine, by its name there, without an alias in it; `default` is what the engine takes
    /// where nothing is asked.
    Named(String),
}

/// A device of the engine's machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// Path on the engine's machine.
    pub source: String,
    /// Path inside.
    pub target: String,
    /// Some of `rwm`.
    pub permissions: String,
}

/// A resource limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ulimit {
    /// Soft limit; -1 for none.
    pub soft: i64,
    /// Hard limit; -1 for none.
    pub hard: i64,
}

/// What the engine does when a container ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum RestartPolicy {
    /// Nothing.
    #[default]
    No,
    /// Starts it again, also after its own restart.
    Always,
    /// Starts it again after a failure, at most so often (0: without limit).
    OnFailure(u32),
    /// As `Always`, except when it was stopped.
    UnlessStopped,
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", line]`, `["NONE"]`; empty: the image's.
    pub test: Vec<String>,
    /// Time between two runs.
    pub interval: Option<Duration>,
    /// Limit of one run.
    pub timeout: Option<Duration>,
    /// Time in which failures do not count.
    pub start_period: Option<Duration>,
    /// Interval within the start period (Engine API 1.44).
    pub start_interval: Option<Duration>,
    /// Failures until unhealthy.
    pub retries: Option<u32>,
}

impl Healthcheck {
    /// Whether the file turns the image's health check off.
    pub fn is_disabled(&self) -> bool {
        self.test.first().is_some_and(|first| first == "NONE")
    }
}

/// Transport of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protocol {
    /// `tcp`.
    #[default]
    Tcp,
    /// `udp`.
    Udp,
    /// `sctp`.
    Sctp,
}

impl Protocol {
    /// The Engine API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

/// One published port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PortBinding {
    /// Address of the engine's machine to bind; `None`: all.
    pub host_ip: Option<String>,
    /// First and last port of the machine to choose from; `None`: the engine chooses.
    pub host: Option<(u16, u16)>,
    /// Port inside.
    pub container: u16,
    /// Transport.
    pub protocol: Protocol,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    /// Absolute path inside.
    pub target: String,
    /// What is mounted there.
    pub source: MountSource,
    /// Not writable inside.
    pub read_only: bool,
    /// `consistency` of the long form: passed on, and nothing to Linux.
    pub consistency: Option<String>,
}

impl Mount {
    /// A mount at `target`.
    pub fn new(target: impl Into<String>, source: MountSource, read_only: bool) -> Self {
        Self { target: target.into(), source, read_only, consistency: None }
    }
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountSource {
    /// A path.
    Bind {
        /// Which.
        path: BindPath,
        /// Make a directory where nothing is (the short form's way).
        create: bool,
        /// Mount propagation (`rshared`, …).
        propagation: Option<String>,
        /// SELinux relabelling, `z` or `Z`.
        selinux: Option<char>,
        /// What becomes of mounts below the path.
        recursive: Option<Recursive>,
    },
    /// A volume: key in the file until the planner has put the engine's name there; `None`: anonymous.
    Volume {
        /// Which.
        name: Option<String>,
        /// Do not fill it from the image.
        nocopy: bool,
        /// A path within it (Engine API 1.45).
        subpath: Option<String>,
        /// Labels of an anonymous one.
        labels: Labels,
    },
    /// Memory, as the key `tmpfs` and the kinds ask for it.
    Tmpfs {
        /// Options as `docker run --tmpfs` takes them (`exec,mode=777,size=64m`).
        options: String,
    },
    /// Memory, as the long form of `volumes` asks for it.
    Memory {
        /// Bytes.
        size: Option<i64>,
        /// Permission bits.
        mode: Option<u32>,
    },
    /// The files of an image (Engine API 1.48).
    Image {
        /// Its reference.
        image: String,
        /// A path within it.
        subpath: Option<String>,
    },
}

impl MountSource {
    /// A bind without options.
    pub const fn bind(path: BindPath, create: bool) -> Self {
        Self::Bind { path, create, propagation: None, selinux: None, recursive: None }
    }

    /// A volume without options; `None`: an anonymous one.
    pub const fn volume(name: Option<String>) -> Self {
        Self::Volume { name, nocopy: false, subpath: None, labels: Labels::new() }
    }
}

/// What becomes of mounts below a path that is bound (Engine API 1.44, the read-only ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recursive {
    /// They are bound too, and are read-only where the kernel can make them so.
    Enabled,
    /// They are not bound.
    Disabled,
    /// They are bound, and stay writable in a read-only bind.
    Writable,
    /// They are bound read-only, or the container does not start.
    Readonly,
}

impl Recursive {
    /// Compose's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Writable => "writable",
            Self::Readonly => "readonly",
        }
    }
}

/// Whose path a bind means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindPath {
    /// Of the machine where nestctl runs: a path beside the lab file, absolute.
    User(PathBuf),
    /// Of the machine or node whose engine makes the container.
    Engine(String),
}

/// How a container takes part in a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Endpoint {
    /// More names in it.
    pub aliases: Vec<String>,
    /// Static IPv4 address.
    pub ipv4_address: Option<String>,
    /// Static IPv6 address.
    pub ipv6_address: Option<String>,
    /// Names of other containers in this network, `CONTAINER:ALIAS`.
    pub links: Vec<String>,
    /// Larger is connected first, as in Compose.
    pub priority: i64,
    /// The largest gives the default gateway (Engine API 1.48).
    pub gw_priority: i64,
    /// Name of the interface inside (Engine API 1.49).
    pub interface_name: Option<String>,
    /// Link-local addresses.
    pub link_local_ips: Vec<String>,
    /// MAC address (Engine API 1.44).
    pub mac_address: Option<String>,
    /// Options of the driver.
    pub driver_opts: BTreeMap<String, String>,
}

/// Log driver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Logging {
    /// Driver name.
    pub driver: Option<String>,
    /// Its options.
    pub options: BTreeMap<String, String>,
}
