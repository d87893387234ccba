//! A service.

use serde::Deserialize;

use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Switch, Whole};
use crate::spec::read::list::List;
use crate::spec::read::unread::Unread;

use super::build::BuildForm;
use super::delegate::{ModelUses, Provider};
use super::deploy::Deploy;
use super::engine::EngineForm;
use super::health::{DependsOn, Healthcheck};
use super::hook::{Develop, Hook, InitHook};
use super::layer::Inner;
use super::limits::{BlkioConfig, CredentialSpec, DeviceForm, Gpus, Logging, UlimitForm};
use super::mount::ServiceVolumeForm;
use super::network::ServiceNetworks;
use super::port::PortForm;
use super::reference::ExtendsForm;
use super::several::{CommandLine, Hosts, OneOrMany, Pairs};
use super::stored_file::{EnvFiles, FileUseForm};

/// A service: one container, or several alike. With `engine` it is a node that hosts a layer of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Service {
    /// Image reference. A node may leave it out where its kind has a default image.
    #[cfg_attr(test, schemars(example = &"nginx:1.27"))]
    pub(crate) image: Field<String>,
    /// How the image is built. Without `image` it is called `<project>-<service>`.
    pub(crate) build: Field<BuildForm>,
    /// Overrides the image's command. On a dind-like node it is added to the daemon's line.
    pub(crate) command: Field<CommandLine>,
    /// Overrides the image's entrypoint.
    pub(crate) entrypoint: Field<CommandLine>,
    /// Environment. A key without a value takes the one of nestctl's own environment.
    pub(crate) environment: Field<Pairs>,
    /// Files with environment variables; `environment` wins over them.
    pub(crate) env_file: Field<EnvFiles>,
    /// Ports published on the machine of this layer's engine; in an inner layer, on its node.
    pub(crate) ports: Field<List<PortForm>>,
    /// Ports that other containers may use, for people and tools.
    pub(crate) expose: Field<List<Plain>>,
    /// Mounts. A relative path means the one beside the lab file, at every depth.
    pub(crate) volumes: Field<List<ServiceVolumeForm>>,
    /// Networks of this layer; otherwise `default`.
    pub(crate) networks: Field<ServiceNetworks>,
    /// `none`, `host`, `bridge`, `service:NAME` or `container:NAME`, in place of networks.
    #[cfg_attr(test, schemars(example = &"host"))]
    pub(crate) network_mode: Field<String>,
    /// What must have happened before this service starts, on any layer.
    pub(crate) depends_on: Field<DependsOn>,
    /// How the engine finds out whether the container is healthy.
    pub(crate) healthcheck: Field<Box<Healthcheck>>,
    /// Extended privileges. Kinds that need them ask for them.
    pub(crate) privileged: Field<Switch>,
    /// Capabilities to add.
    pub(crate) cap_add: Field<List<String>>,
    /// Capabilities to drop.
    pub(crate) cap_drop: Field<List<String>>,
    /// Security options.
    pub(crate) security_opt: Field<List<String>>,
    /// Devices of the engine's machine.
    pub(crate) devices: Field<List<DeviceForm>>,
    /// Rules of the device cgroup.
    pub(crate) device_cgroup_rules: Field<List<String>>,
    /// Extra groups.
    pub(crate) group_add: Field<List<Plain>>,
    /// OCI runtime.
    pub(crate) runtime: Field<String>,
    /// Paths inside that are memory: `PATH[:OPTIONS]`.
    pub(crate) tmpfs: Field<OneOrMany>,
    /// Host name inside.
    pub(crate) hostname: Field<String>,
    /// NIS domain name inside.
    pub(crate) domainname: Field<String>,
    /// Labels.
    pub(crate) labels: Field<Pairs>,
    /// `no`, `always`, `on-failure[:N]` or `unless-stopped`.
    #[cfg_attr(test, schemars(example = &"unless-stopped"))]
    pub(crate) restart: Field<Plain>,
    /// `user[:group]`.
    pub(crate) user: Field<String>,
    /// Working directory.
    pub(crate) working_dir: Field<String>,
    /// The engine's init as process 1.
    pub(crate) init: Field<Switch>,
    /// A terminal on the standard streams.
    pub(crate) tty: Field<Switch>,
    /// Standard input stays open.
    pub(crate) stdin_open: Field<Switch>,
    /// Read-only root file system.
    pub(crate) read_only: Field<Switch>,
    /// Signal that stops the container.
    pub(crate) stop_signal: Field<String>,
    /// Time between the stop signal and the kill.
    #[cfg_attr(test, schemars(example = &"30s"))]
    pub(crate) stop_grace_period: Field<Measure>,
    /// Configs of this layer that the service sees as files.
    pub(crate) configs: Field<List<FileUseForm>>,
    /// Secrets of this layer that the service sees as files.
    pub(crate) secrets: Field<List<FileUseForm>>,
    /// The service that this one is based on.
    pub(crate) extends: Field<Unread<ExtendsForm>>,
    /// The service is left out unless one of these profiles is active.
    pub(crate) profiles: Field<List<String>>,
    /// Number of replicas.
    pub(crate) scale: Field<Whole>,
    /// Replicas and limits.
    pub(crate) deploy: Field<Box<Deploy>>,
    /// A fixed name of the container.
    pub(crate) container_name: Field<String>,
    /// `missing`, `if_not_present`, `always`, `never`, `build`, `daily`, `weekly`, `every_<duration>`, or `refresh` with
    /// `pull_refresh_after`.
    #[cfg_attr(test, schemars(example = &"missing"))]
    pub(crate) pull_policy: Field<String>,
    /// Kernel parameters of the container's namespaces.
    pub(crate) sysctls: Field<Pairs>,
    /// Resource limits.
    pub(crate) ulimits: Field<Dict<UlimitForm>>,
    /// Size of /dev/shm.
    #[cfg_attr(test, schemars(example = &"64m"))]
    pub(crate) shm_size: Field<Plain>,
    /// Memory limit.
    #[cfg_attr(test, schemars(example = &"512m"))]
    pub(crate) mem_limit: Field<Plain>,
    /// Number of CPUs.
    pub(crate) cpus: Field<Plain>,
    /// Limit of processes.
    pub(crate) pids_limit: Field<Whole>,
    /// More lines of /etc/hosts: `NAME=ADDRESS`.
    pub(crate) extra_hosts: Field<Hosts>,
    /// DNS servers.
    pub(crate) dns: Field<OneOrMany>,
    /// DNS search domains.
    pub(crate) dns_search: Field<OneOrMany>,
    /// Options of the resolver.
    pub(crate) dns_opt: Field<List<String>>,
    /// Log driver.
    pub(crate) logging: Field<Box<Logging>>,
    /// PID namespace: `host`, `service:NAME` or `container:NAME`.
    pub(crate) pid: Field<String>,
    /// IPC namespace: `host`, `private`, `shareable`, `service:NAME` or `container:NAME`.
    pub(crate) ipc: Field<String>,
    /// UTS namespace: `host`.
    pub(crate) uts: Field<String>,
    /// Cgroup namespace: `host` or `private`.
    pub(crate) cgroup: Field<String>,
    /// Parent cgroup.
    pub(crate) cgroup_parent: Field<String>,
    /// User namespace: `host`.
    pub(crate) userns_mode: Field<String>,
    /// `os/arch[/variant]`.
    #[cfg_attr(test, schemars(example = &"linux/amd64"))]
    pub(crate) platform: Field<String>,
    /// Whether its output is shown where `up` stays in the foreground.
    pub(crate) attach: Field<Switch>,
    /// For `watch`.
    pub(crate) develop: Field<Develop>,
    /// Containers of the engine that are known by more names: `NAME[:ALIAS]`.
    pub(crate) external_links: Field<List<String>>,
    /// Files with labels; `labels` wins over them.
    pub(crate) label_file: Field<OneOrMany>,
    /// Services of this layer that are known by more names, and start before: `SERVICE[:ALIAS]`.
    pub(crate) links: Field<List<String>>,
    /// Language models of the layer.
    pub(crate) models: Field<ModelUses>,
    /// Programs that run in containers of their own, to their end, before the service starts for the first time.
    pub(crate) pre_start: Field<List<InitHook>>,
    /// Programs that run in the container after each start, before what waits for it.
    pub(crate) post_start: Field<List<Hook>>,
    /// Programs that run in the container before it is stopped.
    pub(crate) pre_stop: Field<List<Hook>>,
    /// A program of the user's machine that stands in for a container.
    pub(crate) provider: Field<Provider>,
    /// The interval of `pull_policy: refresh`.
    #[cfg_attr(test, schemars(example = &"12h"))]
    pub(crate) pull_refresh_after: Field<Measure>,
    /// The socket of the layer's engine at /var/run/docker.sock, and the user's credentials.
    pub(crate) use_api_socket: Field<Switch>,
    /// Volumes of other containers: `SERVICE[:ro]` or `container:NAME[:ro]`.
    pub(crate) volumes_from: Field<List<String>>,
    #[cfg_attr(test, schemars(example = &"dind"))]
    pub(crate) engine: Field<EngineForm>,
    /// What runs on the engine of this node: a layer, or the path of a file that holds one.
    pub(crate) inner: Field<Inner>,
    /// Ports carried to the machine of the root engine, from any depth.
    pub(crate) publish: Field<List<PortForm>>,
    /// Annotations for the OCI runtime.
    pub(crate) annotations: Field<Pairs>,
    /// Weights and limits of block devices.
    pub(crate) blkio_config: Field<Box<BlkioConfig>>,
    /// Number of CPUs to use (Windows containers).
    pub(crate) cpu_count: Field<Whole>,
    /// Percentage of the CPUs to use (Windows containers).
    pub(crate) cpu_percent: Field<Plain>,
    /// Weight against other containers; 1024 is the usual one.
    pub(crate) cpu_shares: Field<Whole>,
    /// Microseconds of CPU time in each period.
    pub(crate) cpu_quota: Field<Whole>,
    /// Length of the period of `cpu_quota`, in microseconds.
    pub(crate) cpu_period: Field<Whole>,
    /// Length of the real-time period: microseconds or a duration (cgroup v1).
    #[cfg_attr(test, schemars(example = &"1400us", extend("type" = ["string", "number"])))]
    pub(crate) cpu_rt_period: Field<Measure>,
    /// Real-time CPU time in each period: microseconds or a duration (cgroup v1).
    #[cfg_attr(test, schemars(example = &"400ms", extend("type" = ["string", "number"])))]
    pub(crate) cpu_rt_runtime: Field<Measure>,
    /// CPUs to run on.
    #[cfg_attr(test, schemars(example = &"0-3"))]
    pub(crate) cpuset: Field<String>,
    /// Credential spec of a managed service account (Windows containers).
    pub(crate) credential_spec: Field<CredentialSpec>,
    /// GPUs: `all`, or a list of requests.
    #[cfg_attr(test, schemars(example = &"all"))]
    pub(crate) gpus: Field<Gpus>,
    /// Isolation of the container; on Linux there is only `default`.
    pub(crate) isolation: Field<String>,
    /// MAC address in the first network.
    #[cfg_attr(test, schemars(example = &"02:42:ac:11:65:43"))]
    pub(crate) mac_address: Field<String>,
    /// Memory that the container keeps when memory is short.
    #[cfg_attr(test, schemars(example = &"256m"))]
    pub(crate) mem_reservation: Field<Plain>,
    /// How willingly its memory is swapped, from 0 to 100 (cgroup v1).
    pub(crate) mem_swappiness: Field<Whole>,
    /// Memory and swap together; -1 for no limit.
    #[cfg_attr(test, schemars(example = &"1g"))]
    pub(crate) memswap_limit: Field<Plain>,
    /// Its processes are not killed when memory runs out (cgroup v1).
    pub(crate) oom_kill_disable: Field<Switch>,
    /// How readily its processes are killed when memory runs out, from -1000 to 1000.
    pub(crate) oom_score_adj: Field<Whole>,
    /// Options of the storage driver.
    pub(crate) storage_opt: Field<Dict<Plain>>,
}
