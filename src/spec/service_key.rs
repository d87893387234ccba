//! Every key of a service, as data: the reader, the JSON schema and the documentation follow it.

/// A key of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The key.
    pub name: &'static str,
    /// Whether nestctl honours it; others of the Compose specification are refused.
    pub supported: bool,
    /// One sentence for completion and hover text.
    pub doc: &'static str,
}

const fn yes(name: &'static str, doc: &'static str) -> ServiceKey {
    ServiceKey { name, supported: true, doc }
}

const fn no(name: &'static str, doc: &'static str) -> ServiceKey {
    ServiceKey { name, supported: false, doc }
}

/// All keys, in the order of the alphabet: those of the Compose specification
/// (`schema/compose-spec.json`, `service`) and `engine`, `inner` and `publish`.
pub const SERVICE_KEYS: &[ServiceKey] = &[
    no("annotations", "Annotations of the OCI runtime."),
    no("attach", "Whether `up` shows the service's log."),
    no("blkio_config", "Limits of block devices."),
    no("build", "How the image is built."),
    yes("cap_add", "Capabilities to add."),
    yes("cap_drop", "Capabilities to drop."),
    yes("cgroup", "Cgroup namespace: `host` or `private`."),
    yes("cgroup_parent", "Parent cgroup."),
    yes("command", "Overrides the image's command."),
    yes("configs", "Configs of the layer that the service sees as files."),
    yes("container_name", "A fixed name in place of `<project>-<service>-<number>`."),
    no("cpu_count", "Number of CPUs (Windows)."),
    no("cpu_percent", "Share of the CPUs (Windows)."),
    no("cpu_period", "Period of the CPU quota."),
    no("cpu_quota", "CPU quota within a period."),
    no("cpu_rt_period", "Period of the real-time scheduler."),
    no("cpu_rt_runtime", "Runtime of the real-time scheduler."),
    no("cpu_shares", "Relative weight for CPU time."),
    yes("cpus", "CPU limit as a number of CPUs."),
    no("cpuset", "CPUs to run on."),
    no("credential_spec", "Credentials of a managed service account (Windows)."),
    yes(
        "depends_on",
        "What must have happened before the service starts: siblings (`db`), paths below (`vm1/web`) or from the root (`/vm1/web`).",
    ),
    yes("deploy", "Replicas and limits."),
    no("develop", "Watching of sources."),
    yes("device_cgroup_rules", "Rules of the device cgroup."),
    yes("devices", "Devices of the engine's machine."),
    yes("dns", "DNS servers."),
    yes("dns_opt", "Resolver options."),
    yes("dns_search", "DNS search domains."),
    yes("domainname", "NIS domain name."),
    yes("engine", "The engine that this service hosts: a kind, or a mapping with `kind` and its options."),
    yes("entrypoint", "Overrides the image's entrypoint."),
    yes("env_file", "Files of variables for the environment."),
    yes("environment", "Environment variables."),
    yes("expose", "Ports that are exposed but not published."),
    no("extends", "A service whose keys this one takes over."),
    no("external_links", "Links to containers outside the project."),
    yes("extra_hosts", "More lines for /etc/hosts."),
    no("gpus", "GPUs."),
    yes("group_add", "More groups of the user."),
    yes("healthcheck", "How the engine finds out whether the service is healthy."),
    yes("hostname", "Host name inside."),
    yes("image", "Image to run."),
    yes("init", "Whether the engine's init is PID 1."),
    yes("inner", "What runs on this service's engine: a layer, or one or more paths of layer files."),
    yes("ipc", "IPC namespace."),
    no("isolation", "Isolation technology (Windows)."),
    no("label_file", "Files of labels."),
    yes("labels", "Labels of the container."),
    no("links", "Links to other services."),
    yes("logging", "Log driver and its options."),
    no("mac_address", "MAC address."),
    yes("mem_limit", "Memory limit."),
    no("mem_reservation", "Memory that is kept for the service."),
    no("mem_swappiness", "Tendency to swap."),
    no("memswap_limit", "Limit of memory and swap."),
    no("models", "AI models."),
    yes("network_mode", "`none`, `host`, `bridge`, `service:NAME` or `container:NAME` in place of networks."),
    yes("networks", "Networks of the layer that the service joins."),
    no("oom_kill_disable", "Whether the kernel may kill the container when memory runs out."),
    no("oom_score_adj", "Preference of the kernel when memory runs out."),
    yes("pid", "PID namespace: `host` or `container:NAME`."),
    yes("pids_limit", "Limit of processes."),
    yes("platform", "Platform of the image: `os/arch[/variant]`."),
    yes("ports", "Ports published on the engine's machine: for an inner layer, its node."),
    no("post_start", "Commands after the start."),
    no("pre_stop", "Commands before the stop."),
    yes("privileged", "Extended privileges."),
    yes("profiles", "Profiles of which one must be active for the service to be part of the lab."),
    no("provider", "A program that provides the service."),
    yes("publish", "Ports carried from any depth to the root engine's host."),
    yes("pull_policy", "When the image is pulled: `always`, `missing` or `never`."),
    no("pull_refresh_after", "Age at which an image is pulled again."),
    yes("read_only", "Read-only root file system."),
    yes("restart", "What the engine does when the container ends."),
    yes("runtime", "OCI runtime."),
    yes("scale", "Number of replicas."),
    yes("secrets", "Secrets of the layer that the service sees as files."),
    yes("security_opt", "Security options."),
    yes("shm_size", "Size of /dev/shm."),
    yes("stdin_open", "Standard input stays open."),
    yes("stop_grace_period", "Time between the stop signal and the kill."),
    yes("stop_signal", "Signal that stops the container."),
    no("storage_opt", "Options of the storage driver."),
    yes("sysctls", "Kernel parameters of the namespaces."),
    yes("tmpfs", "Paths in memory."),
    yes("tty", "A terminal on the standard streams."),
    yes("ulimits", "Resource limits."),
    no("use_api_socket", "The engine's socket and credentials inside."),
    yes("user", "User who runs the command: `user[:group]`."),
    yes("userns_mode", "User namespace: `host`."),
    yes("uts", "UTS namespace: `host`."),
    yes("volumes", "Binds, volumes and memory to mount."),
    no("volumes_from", "Mounts of another container."),
    yes("working_dir", "Working directory."),
];

/// The key with this name.
pub fn find(name: &str) -> Option<&'static ServiceKey> {
    SERVICE_KEYS.binary_search_by(|key| key.name.cmp(name)).ok().map(|at| &SERVICE_KEYS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found() {
        for key in SERVICE_KEYS {
            assert_eq!(find(key.name), Some(key));
        }
        assert_eq!(find("imgae"), None);
    }
}
