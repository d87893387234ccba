//! The hash of what an engine is asked for.
//!
//! Canonical and with defaults left out, so that a field added later changes the fingerprint of no old lab.
//! Taken apart exhaustively: a new field of [`ContainerSpec`] does not compile until it is written here.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::container::{
    ContainerSpec, Endpoint, Healthcheck, Logging, NetworkMode, PortBinding, RestartPolicy,
};
use crate::model::files::PutFile;
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::resources::{Blkio, DeviceRequest, Resources};

mod mounts;

/// Bytes of all lines of most containers.
const ROOM: usize = 1024;

/// Collects `key=value` lines and hashes them.
#[derive(Clone, Debug)]
pub struct Canonical {
    text: String,
}

impl Default for Canonical {
    fn default() -> Self {
        Self { text: String::with_capacity(ROOM) }
    }
}

impl Canonical {
    /// Adds a line. Line breaks in the value are escaped, so that two lists of lines never look alike.
    pub fn line(&mut self, key: &str, value: &str) {
        self.begin(&[key]);
        self.end(value);
    }

    /// A line whose key is `KEY.NAME`.
    fn named(&mut self, key: &str, name: &str, value: &str) {
        self.begin(&[key, ".", name]);
        self.end(value);
    }

    fn begin(&mut self, key: &[&str]) {
        key.iter().for_each(|part| self.text.push_str(part));
        self.text.push('=');
    }

    fn end(&mut self, value: &str) {
        self.part(value);
        self.text.push('\n');
    }

    /// A part of a value.
    fn part(&mut self, value: &str) {
        // Most values are plain, and a character at a time is slow.
        if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\'' | b'\\')) {
            self.text.push_str(value);
        } else {
            self.text.extend(value.escape_default());
        }
    }

    /// Adds a line unless the value is absent.
    pub fn maybe(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.line(key, &value.to_string());
        }
    }

    fn list(&mut self, key: &str, values: &[String]) {
        for value in values {
            self.line(key, value);
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.line(key, "true");
        }
    }

    fn map<'a>(&mut self, key: &str, values: impl IntoIterator<Item = (&'a String, &'a String)>) {
        for (name, value) in values {
            self.named(key, name, value);
        }
    }

    fn time(&mut self, key: &str, value: Option<Duration>) {
        self.maybe(key, value.map(|value| value.as_nanos()));
    }

    /// All lines, `key=value`; the value with the escapes of Rust.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(|line| line.split_once('='))
    }

    /// All lines, each with its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all lines.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        let first: [u8; 8] = std::array::from_fn(|at| digest[at]);
        format!("{:016x}", u64::from_be_bytes(first))
    }

    /// Adds a container.
    pub fn container(&mut self, spec: &ContainerSpec) {
        let ContainerSpec {
            image,
            platform,
            wrapper,
            entrypoint,
            command,
            environment,
            working_dir,
            user,
            hostname,
            domainname,
            tty,
            stdin_open,
            init,
            privileged,
            auto_remove,
            stdin_once,
            read_only,
            cap_add,
            cap_drop,
            security_opt,
            seccomp_profiles,
            devices,
            device_cgroup_rules,
            group_add,
            runtime,
            cgroup,
            cgroup_parent,
            network_mode,
            pid,
            ipc,
            uts,
            userns,
            sysctls,
            ulimits,
            shm_size,
            mem_limit,
            nano_cpus,
            pids_limit,
            stop_signal,
            stop_grace_period,
            restart,
            healthcheck,
            ports,
            expose,
            mounts,
            networks,
            labels,
            extra_hosts,
            dns,
            dns_search,
            dns_opt,
            logging,
            annotations,
            mac_address,
            storage_opt,
            isolation,
            resources,
            links,
            volumes_from,
        } = spec;
        self.line("image", image);
        self.maybe("platform", platform.as_ref());
        self.maybe("wrapper", wrapper.as_ref());
        for (key, words) in [("entrypoint", entrypoint), ("command", command)] {
            if let Some(words) = words {
                self.named(key, "length", &words.len().to_string());
                self.list(key, words);
            }
        }
        for (name, value) in environment {
            match value {
                Some(value) => self.named("environment", name, value),
                None => self.line("environment.unset", name),
            }
        }
        self.maybe("working_dir", working_dir.as_ref());
        self.maybe("user", user.as_ref());
        self.maybe("hostname", hostname.as_ref());
        self.maybe("domainname", domainname.as_ref());
        self.flag("tty", *tty);
        self.flag("stdin_open", *stdin_open);
        self.maybe("init", *init);
        self.flag("privileged", *privileged);
        self.flag("auto_remove", *auto_remove);
        self.flag("stdin_once", *stdin_once);
        self.flag("read_only", *read_only);
        self.list("cap_add", cap_add);
        self.list("cap_drop", cap_drop);
        self.list("security_opt", security_opt);
        for device in devices {
            self.line("device", &format!("{}:{}:{}", device.source, device.target, device.permissions));
        }
        self.list("device_cgroup_rule", device_cgroup_rules);
        self.list("group_add", group_add);
        self.maybe("runtime", runtime.as_ref());
        self.maybe("cgroup", cgroup.as_ref());
        self.maybe("cgroup_parent", cgroup_parent.as_ref());
        self.maybe("network_mode", network_mode.as_ref().map(network_mode_text));
        self.maybe("pid", pid.as_ref());
        self.maybe("ipc", ipc.as_ref());
        self.maybe("uts", uts.as_ref());
        self.maybe("userns", userns.as_ref());
        self.map("sysctl", sysctls);
        for (name, limit) in ulimits {
            self.line(&format!("ulimit.{name}"), &format!("{}:{}", limit.soft, limit.hard));
        }
        self.maybe("shm_size", *shm_size);
        self.maybe("mem_limit", *mem_limit);
        self.maybe("nano_cpus", *nano_cpus);
        self.maybe("pids_limit", *pids_limit);
        self.maybe("stop_signal", stop_signal.as_ref());
        self.time("stop_grace_period", *stop_grace_period);
        match restart {
            RestartPolicy::No => {}
            RestartPolicy::Always => self.line("restart", "always"),
            RestartPolicy::OnFailure(times) => self.line("restart", &format!("on-failure:{times}")),
            RestartPolicy::UnlessStopped => self.line("restart", "unless-stopped"),
        }
        if let Some(check) = healthcheck {
            self.healthcheck(check);
        }
        for port in ports {
            self.line("port", &port_text(port));
        }
        self.list("expose", expose);
        for mount in mounts {
            self.mount(mount);
        }
        for (name, endpoint) in networks {
            self.endpoint(name, endpoint);
        }
        self.map("label", labels);
        self.list("extra_host", extra_hosts);
        self.list("dns", dns);
        self.list("dns_search", dns_search);
        self.list("dns_opt", dns_opt);
        if let Some(Logging { driver, options }) = logging.as_deref() {
            self.maybe("logging.driver", driver.as_ref());
            self.map("logging.option", options);
        }
        self.map("seccomp_profile", seccomp_profiles);
        self.map("annotation", annotations);
        self.maybe("mac_address", mac_address.as_ref());
        self.map("storage_opt", storage_opt);
        self.maybe("isolation", isolation.as_ref());
        if let Some(resources) = resources {
            self.resources(resources);
        }
        self.list("link", links);
        self.list("volumes_from", volumes_from);
    }

    fn resources(&mut self, resources: &Resources) {
        let Resources {
            cpu_count,
            cpu_percent,
            cpu_shares,
            cpu_quota,
            cpu_period,
            cpu_rt_period,
            cpu_rt_runtime,
            cpuset,
            mem_reservation,
            mem_swappiness,
            memswap_limit,
            oom_kill_disable,
            oom_score_adj,
            blkio,
            gpus,
            reserved_devices,
        } = resources;
        self.maybe("cpu_count", *cpu_count);
        self.maybe("cpu_percent", *cpu_percent);
        self.maybe("cpu_shares", *cpu_shares);
        self.maybe("cpu_quota", *cpu_quota);
        self.maybe("cpu_period", *cpu_period);
        self.maybe("cpu_rt_period", *cpu_rt_period);
        self.maybe("cpu_rt_runtime", *cpu_rt_runtime);
        self.maybe("cpuset", cpuset.as_ref());
        self.maybe("mem_reservation", *mem_reservation);
        self.maybe("mem_swappiness", *mem_swappiness);
        self.maybe("memswap_limit", *memswap_limit);
        self.flag("oom_kill_disable", *oom_kill_disable);
        self.maybe("oom_score_adj", *oom_score_adj);
        if let Some(Blkio { weight, weight_device, read_bps, read_iops, write_bps, write_iops }) =
            blkio.as_deref()
        {
            self.maybe("blkio.weight", *weight);
            for (device, weight) in weight_device {
                self.line(&format!("blkio.weight.{device}"), &weight.to_string());
            }
            for (key, limits) in [
                ("read_bps", read_bps),
                ("read_iops", read_iops),
                ("write_bps", write_bps),
                ("write_iops", write_iops),
            ] {
                for (device, rate) in limits {
                    self.line(&format!("blkio.{key}.{device}"), &rate.to_string());
                }
            }
        }
        for (key, requests) in [("gpus", gpus), ("reserved_device", reserved_devices)] {
            for DeviceRequest { capabilities, driver, count, device_ids, options } in requests {
                let driver = driver.as_deref().unwrap_or_default();
                self.line(key, &format!("{driver} {count:?} {capabilities:?} {device_ids:?} {options:?}"));
            }
        }
    }

    fn healthcheck(&mut self, check: &Healthcheck) {
        let Healthcheck { test, interval, timeout, start_period, start_interval, retries } = check;
        self.list("healthcheck.test", test);
        self.time("healthcheck.interval", *interval);
        self.time("healthcheck.timeout", *timeout);
        self.time("healthcheck.start_period", *start_period);
        self.time("healthcheck.start_interval", *start_interval);
        self.maybe("healthcheck.retries", *retries);
    }

    fn endpoint(&mut self, name: &str, endpoint: &Endpoint) {
        let Endpoint {
            aliases,
            ipv4_address,
            ipv6_address,
            priority,
            // What links say is a part of the container.
            links: _,
            gw_priority,
            interface_name,
            link_local_ips,
            mac_address,
            driver_opts,
        } = endpoint;
        self.line("network", name);
        let mut within = |field: &str, value: &str| {
            self.begin(&["network.", name, ".", field]);
            self.end(value);
        };
        aliases.iter().for_each(|alias| within("alias", alias));
        ipv4_address.iter().for_each(|address| within("ipv4", address));
        ipv6_address.iter().for_each(|address| within("ipv6", address));
        if *priority != 0 {
            within("priority", &priority.to_string());
        }
        if *gw_priority != 0 {
            within("gw_priority", &gw_priority.to_string());
        }
        interface_name.iter().for_each(|interface| within("interface_name", interface));
        link_local_ips.iter().for_each(|address| within("link_local_ip", address));
        mac_address.iter().for_each(|address| within("mac_address", address));
        if !driver_opts.is_empty() {
            self.map(&format!("network.{name}.driver_opt"), driver_opts);
        }
    }

    /// Adds a file that is put into the container.
    pub fn file(&mut self, file: &PutFile) {
        let PutFile { path, mode, uid, gid, content, existing } = file;
        let mut digest = String::new();
        for byte in &Sha256::digest(content.as_ref())[..] {
            let _ = write!(digest, "{byte:02x}");
        }
        self.line(&format!("file.{path}"), &format!("{mode:o} {uid}:{gid} {existing:?} {digest}"));
    }

    /// Adds a network.
    pub fn network(&mut self, spec: &NetworkSpec) {
        let NetworkSpec {
            driver,
            driver_opts,
            internal,
            attachable,
            enable_ipv4,
            enable_ipv6,
            ipam_driver,
            ipam_options,
            ipam,
            labels,
        } = spec;
        self.maybe("driver", driver.as_ref());
        self.map("driver_opt", driver_opts);
        self.flag("internal", *internal);
        self.flag("attachable", *attachable);
        self.maybe("enable_ipv6", *enable_ipv6);
        self.maybe("enable_ipv4", *enable_ipv4);
        self.maybe("ipam.driver", ipam_driver.as_ref());
        self.map("ipam.option", ipam_options);
        for subnet in ipam {
            self.maybe("ipam.subnet", subnet.subnet.as_ref());
            self.maybe("ipam.ip_range", subnet.ip_range.as_ref());
            self.maybe("ipam.gateway", subnet.gateway.as_ref());
            self.map("ipam.aux", &subnet.aux_addresses);
        }
        self.map("label", labels);
    }

    /// Adds a volume.
    pub fn volume(&mut self, spec: &VolumeSpec) {
        let VolumeSpec { driver, driver_opts, labels } = spec;
        self.maybe("driver", driver.as_ref().filter(|driver| *driver != "local"));
        self.map("driver_opt", driver_opts);
        self.map("label", labels);
    }
}

fn network_mode_text(mode: &NetworkMode) -> String {
    match mode {
        NetworkMode::None => "none".to_owned(),
        NetworkMode::Host => "host".to_owned(),
        NetworkMode::Bridge => "bridge".to_owned(),
        NetworkMode::Service(name) => format!("service:{name}"),
        NetworkMode::Container(name) => format!("container:{name}"),
        NetworkMode::Named(name) => name.clone(),
    }
}

/// Twelve hexadecimal digits that stand for a text.
pub(super) fn short_hash(text: &str) -> String {
    let mut out = String::new();
    for byte in &Sha256::digest(text.as_bytes())[..6] {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
    }
    out
}

/// A port as the short form writes it.
pub(super) fn port_text(port: &PortBinding) -> String {
    let mut text = String::new();
    if let Some(ip) = &port.host_ip {
        let _ = write!(text, "{ip}:");
    }
    match port.host {
        Some((first, last)) if first == last => {
            let _ = write!(text, "{first}:");
        }
        Some((first, last)) => {
            let _ = write!(text, "{first}-{last}:");
        }
        None => {}
    }
    let _ = write!(text, "{}/{}", port.container, port.protocol.as_str());
    text
}

#[cfg(test)]
mod tests;
