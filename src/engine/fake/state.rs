//! What one engine holds.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::engine::engine::{EngineEvent, OutputKind};
use crate::engine::error::EngineError;
use crate::model::container::{ContainerSpec, Endpoint};
use crate::model::facts::Facts;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::observed::{ContainerState, Health, ObservedNetwork, ObservedPort, ObservedVolume};

use super::images::Image;

/// Index of an engine in the world.
pub(super) type EngineIndex = usize;

/// One engine.
pub(super) struct EngineState {
    pub(super) facts: Facts,
    pub(super) podman: bool,
    /// Its daemon runs, where the machine does.
    pub(super) serves: bool,
    pub(super) containers: Vec<Container>,
    pub(super) networks: Vec<Network>,
    pub(super) volumes: Vec<Volume>,
    pub(super) images: Vec<Image>,
    /// Paths of its machine.
    pub(super) paths: BTreeSet<String>,
    /// Engines inside, by what holds their data: [`Container::data_key`].
    pub(super) inside: BTreeMap<String, EngineIndex>,
    pub(super) subscribers: Subscribers<EngineEvent>,
    /// All that was told.
    pub(super) past: Vec<EngineEvent>,
}

pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) image_id: String,
    pub(super) spec: ContainerSpec,
    pub(super) labels: Labels,
    pub(super) state: ContainerState,
    pub(super) health: Option<Health>,
    pub(super) exit_code: i64,
    pub(super) error: String,
    pub(super) restarts: i64,
    /// When its restart policy starts it again.
    pub(super) due: Option<tokio::time::Instant>,
    /// Stopped or killed on request: `unless-stopped` leaves it so.
    pub(super) stopped_by_hand: bool,
    /// Its engine does not start it again after its end, whatever its policy, until it is started.
    pub(super) stays_ended: bool,
    pub(super) created: i64,
    pub(super) started: Option<i64>,
    pub(super) finished: Option<i64>,
    /// By name of the network; the address while it runs.
    pub(super) networks: BTreeMap<String, Joined>,
    pub(super) ports: Vec<ObservedPort>,
    pub(super) mounts: Vec<Mounted>,
    /// Its own writable layer over the image's files.
    pub(super) files: BTreeMap<String, FakeFile>,
    pub(super) log: Vec<(i64, OutputKind, String)>,
    pub(super) followers: Subscribers<(i64, OutputKind, bytes::Bytes)>,
    /// Inspections until the health check has its verdict.
    pub(super) inspects_left: u32,
    /// Calls until the engine inside answers.
    pub(super) boot_left: u32,
    /// ID of the container whose processes it lives with, since its start.
    pub(super) pid_of: Option<String>,
    /// What lists show in place of its networks and ports, since a start that failed.
    pub(super) stale: Option<(BTreeMap<String, Joined>, Vec<ObservedPort>)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    pub(super) endpoint: Endpoint,
    /// ID of the network, once it was connected or started in it.
    pub(super) network: Option<String>,
    pub(super) address: Option<String>,
}

impl Joined {
    /// Its address as lists have it: a fixed one also before the first start.
    pub(super) fn listed_address(&self, is_new: bool) -> String {
        let fixed = self.endpoint.ipv4_address.clone().filter(|_| is_new);
        self.address.clone().or(fixed).unwrap_or_default()
    }
}

/// A mount as the engine made it.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    pub(super) target: String,
    pub(super) what: MountedWhat,
    pub(super) read_only: bool,
    /// By `volumes_from`: it does not hold its volume until the container has been started (measured, 26.1.5).
    pub(super) borrowed: bool,
}

#[derive(Clone, Debug)]
pub(super) enum MountedWhat {
    Bind(String),
    Volume {
        name: String,
        anonymous: bool,
    },
    /// What is put here before the start is hidden by it; what is put after it goes with the stop.
    Tmpfs(BTreeMap<String, FakeFile>),
}

/// A file put into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeFile {
    /// The bytes; the target of a symbolic link.
    pub content: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// What it is.
    pub kind: FakeFileKind,
}

/// Kind of a [`FakeFile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FakeFileKind {
    /// A regular file.
    File,
    /// A directory that an archive named.
    Directory,
    /// A symbolic link.
    Link,
}

pub(super) struct Network {
    pub(super) seen: ObservedNetwork,
    /// Its subnets were asked for: addresses in them can be, too.
    pub(super) configured: bool,
    /// Last host part given out.
    pub(super) last_host: u32,
}

pub(super) struct Volume {
    /// Tells one from another of the same name, before or after it.
    pub(super) serial: String,
    pub(super) seen: ObservedVolume,
    pub(super) files: BTreeMap<String, FakeFile>,
}

impl Volume {
    pub(super) fn new(serial: String, name: &str, spec: &VolumeSpec, labels: &Labels) -> Self {
        let mut all = spec.labels.clone();
        all.extend(labels.clone());
        Self { serial, seen: ObservedVolume { name: name.to_owned(), labels: all }, files: BTreeMap::new() }
    }
}

impl Network {
    pub(super) fn new(
        id: String,
        name: &str,
        spec: &NetworkSpec,
        labels: &Labels,
        subnets: Vec<String>,
        configured: bool,
    ) -> Self {
        let mut all = spec.labels.clone();
        all.extend(labels.clone());
        Self {
            seen: ObservedNetwork {
                id,
                name: name.to_owned(),
                driver: spec.driver.clone().unwrap_or_else(|| "bridge".to_owned()),
                labels: all,
                options: spec.driver_opts.clone(),
                subnets,
            },
            configured,
            last_host: 1,
        }
    }
}

impl EngineState {
    pub(super) fn new(id: String, name: &str, containerd_store: bool, podman: bool) -> Self {
        let builtin = |driver: &str, name: &str, subnets: Vec<String>| {
            let spec = NetworkSpec { driver: Some(driver.to_owned()), ..NetworkSpec::default() };
            Network::new(format!("{id}-{name}"), name, &spec, &Labels::new(), subnets, false)
        };
        let networks = vec![
            builtin("bridge", "bridge", vec!["172.17.0.0/16".to_owned()]),
            builtin("host", "host", Vec::new()),
            builtin("null", "none", Vec::new()),
        ];
        let facts = Facts {
            id,
            name: name.to_owned(),
            version: "29.7.2".to_owned(),
            api_version: "1.55".to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            kernel: "6.18.0".to_owned(),
            cgroup_version: 2,
            cgroup_driver: "cgroupfs".to_owned(),
            security: vec!["name=seccomp,profile=builtin".to_owned()],
            runtimes: vec!["runc".to_owned()],
            storage_driver: "overlay2".to_owned(),
            backing_filesystem: "extfs".to_owned(),
            containerd_store,
            data_root: "/var/lib/docker".to_owned(),
            cpus: 2,
            memory: 4 << 30,
        };
        Self {
            facts,
            podman,
            serves: true,
            containers: Vec::new(),
            networks,
            volumes: Vec::new(),
            images: Vec::new(),
            paths: BTreeSet::new(),
            inside: BTreeMap::new(),
            subscribers: Subscribers::default(),
            past: Vec::new(),
        }
    }

    /// Index of a container by name, ID, or the beginning of an ID.
    pub(super) fn find(&self, name_or_id: &str) -> Option<usize> {
        let by_name = self.containers.iter().position(|c| c.name == name_or_id || c.id == name_or_id);
        by_name.or_else(|| {
            (name_or_id.len() >= 12)
                .then(|| self.containers.iter().position(|c| c.id.starts_with(name_or_id)))
                .flatten()
        })
    }

    pub(super) fn network(&self, name_or_id: &str) -> Option<usize> {
        self.networks.iter().position(|n| n.seen.name == name_or_id || n.seen.id == name_or_id)
    }

    pub(super) fn volume(&self, name: &str) -> Option<usize> {
        self.volumes.iter().position(|v| v.seen.name == name)
    }
}

/// Directories in which engines keep their data.
const DATA_DIRECTORIES: [&str; 5] = [
    "/var/lib/docker",
    "/var",
    "/home/rootless/.local/share/docker",
    "/var/lib/containers",
    "/var/lib/containerd",
];

impl Container {
    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, ContainerState::Running | ContainerState::Paused)
    }

    /// What holds the data of an engine in this container: its data volume, or the container itself.
    pub(super) fn data_key(&self) -> String {
        let volume = DATA_DIRECTORIES.iter().find_map(|directory| {
            self.mounts.iter().find_map(|mount| match &mount.what {
                MountedWhat::Volume { name, .. } if mount.target == *directory => {
                    Some(format!("volume {name}"))
                }
                _ => None,
            })
        });
        volume.unwrap_or_else(|| format!("container {}", self.id))
    }

    /// Whether an engine inside loses its data when the container stops.
    pub(super) fn data_is_memory(&self) -> bool {
        self.data_key().starts_with("container ")
            && self.mounts.iter().any(|mount| {
                matches!(mount.what, MountedWhat::Tmpfs(_))
                    && DATA_DIRECTORIES.contains(&mount.target.as_str())
            })
    }

    pub(super) fn print(&mut self, now: i64, kind: OutputKind, line: &str) {
        self.log.push((now, kind, line.to_owned()));
        self.followers.send(&(now, kind, bytes::Bytes::from(format!("{line}\n"))));
    }
}

/// Readers of a stream.
pub(super) struct Subscribers<T>(Vec<UnboundedSender<Result<T, EngineError>>>);

impl<T> Default for Subscribers<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + Send + 'static> Subscribers<T> {
    pub(super) fn add(&mut self) -> futures_util::stream::BoxStream<'static, Result<T, EngineError>> {
        let (sender, receiver) = unbounded_channel();
        self.0.push(sender);
        from_channel(receiver)
    }

    pub(super) fn send(&mut self, item: &T) {
        self.0.retain(|reader| reader.send(Ok(item.clone())).is_ok());
    }

    /// Ends every stream as a connection that breaks.
    pub(super) fn cut(&mut self, op: &'static str) {
        for reader in self.0.drain(..) {
            let _ =
                reader.send(Err(EngineError::new(op, "", FailureKind::Unreachable, "the connection broke")));
        }
    }

    /// Ends every stream as one that is complete.
    pub(super) fn end(&mut self) {
        self.0.clear();
    }
}

fn from_channel<T: Send + 'static>(
    receiver: UnboundedReceiver<T>,
) -> futures_util::stream::BoxStream<'static, T> {
    stream::unfold(receiver, |mut receiver| async move {
        let item = receiver.recv().await?;
        Some((item, receiver))
    })
    .boxed()
}
