//! The container of a service.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{ContainerSpec, Endpoint, Mount, NetworkMode};
use crate::model::map::Map;
use crate::model::resources::Resources;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::service::Service as Raw;
use crate::spec::raw::several::Hosts;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};

use super::deploy::Deploy;
use super::limits::Limits;
use super::lowering::Lowering;
use super::scope::Scope;
use super::value::{many, options, plain_texts, text_pairs, texts};

const ON: Option<Switch> = Some(Switch(true));

impl Lowering<'_> {
    /// All that the file says of the container. `files` are mounts that come from elsewhere.
    pub(super) fn container(
        &self,
        raw: Box<Raw>,
        deploy: Option<&Deploy>,
        files: Vec<Spanned<Mount>>,
        scope: &Scope,
    ) -> ContainerSpec {
        let Limits { memory, nano_cpus, pids } = self.limits(&raw, deploy);
        let resources = self.resources(&raw, deploy);
        self.check_reservation(&raw, memory, resources.mem_reservation);
        self.warn_of_windows(&raw);
        let (security_opt, seccomp_profiles) = self.security_opt(raw.security_opt, scope);
        let restart = self.restart(&raw.restart);
        let restart = deploy.and_then(|deploy| deploy.restart).unwrap_or(restart);
        let mode = self.network_mode(&raw.network_mode);
        let networks = self.service_networks(raw.networks, mode.as_ref());
        self.check_mac_address(&raw.mac_address, &networks, mode.as_ref());
        let mut mounts = self.mounts(raw.volumes, raw.tmpfs, scope);
        mounts.extend(files);
        let image = raw.image.take();
        if let Some(image) = image.as_ref().filter(|image| !image.value.is_empty()) {
            self.check_image(&image.value, image.span);
        }
        if let Some(directory) = raw.working_dir.get().filter(|path| !path.value.starts_with('/')) {
            let message = format!("{} is not an absolute path", quote(directory.value));
            self.bad(directory.span, message, "Begin the path inside with `/`.");
        }
        self.namespace(&raw.pid, &["host"]);
        self.namespace(&raw.ipc, &["host", "private", "shareable", "none"]);
        ContainerSpec {
            image: image.map(|image| image.value).unwrap_or_default(),
            platform: raw.platform.value,
            wrapper: None,
            entrypoint: self.command_line(raw.entrypoint),
            command: self.command_line(raw.command),
            environment: self.environment(raw.environment, raw.env_file, scope),
            working_dir: raw.working_dir.value,
            user: raw.user.value,
            hostname: raw.hostname.value,
            domainname: raw.domainname.value,
            tty: raw.tty.value == ON,
            stdin_open: raw.stdin_open.value == ON,
            init: raw.init.value.map(|switch| switch.0),
            privileged: raw.privileged.value == ON,
            auto_remove: false,
            stdin_once: false,
            read_only: raw.read_only.value == ON,
            cap_add: list(raw.cap_add),
            cap_drop: list(raw.cap_drop),
            security_opt,
            seccomp_profiles,
            devices: self.devices(raw.devices),
            device_cgroup_rules: list(raw.device_cgroup_rules),
            group_add: plain_texts(raw.group_add),
            runtime: raw.runtime.value,
            cgroup: self.one_word(&raw.cgroup, &["host", "private"]),
            cgroup_parent: raw.cgroup_parent.value,
            network_mode: mode.map(|mode| mode.value),
            pid: raw.pid.value,
            ipc: raw.ipc.value,
            uts: self.one_word(&raw.uts, &["host"]),
            userns: self.one_word(&raw.userns_mode, &["host"]),
            sysctls: text_pairs(raw.sysctls),
            ulimits: self.ulimits(raw.ulimits),
            shm_size: self.bytes(&raw.shm_size),
            mem_limit: memory,
            nano_cpus,
            pids_limit: pids,
            stop_signal: raw.stop_signal.value,
            stop_grace_period: self.duration(&raw.stop_grace_period),
            restart,
            healthcheck: self.healthcheck(raw.healthcheck).map(Box::new),
            ports: self.ports(raw.ports).into_iter().map(|port| port.value).collect(),
            expose: self.expose(raw.expose),
            mounts: self.one_a_target(mounts),
            networks,
            labels: text_pairs(raw.labels),
            extra_hosts: self.extra_hosts(raw.extra_hosts),
            dns: raw.dns.value.map(many).unwrap_or_default(),
            dns_search: raw.dns_search.value.map(many).unwrap_or_default(),
            dns_opt: list(raw.dns_opt),
            logging: Self::logging(raw.logging).map(Box::new),
            annotations: text_pairs(raw.annotations),
            mac_address: self.mac_address(&raw.mac_address),
            storage_opt: options(raw.storage_opt),
            isolation: raw.isolation.value,
            resources: (resources != Resources::default()).then(|| Box::new(resources)),
            links: Vec::new(),
            volumes_from: Vec::new(),
        }
    }

    /// One of a few words.
    fn one_word(&self, field: &Field<String>, words: &[&str]) -> Option<String> {
        let Spanned { value, span } = field.get()?;
        if !words.contains(&value.as_str()) {
            self.bad(
                span,
                format!("{} is not a value of this key", quote(value)),
                instead(value, words, "values"),
            );
            return None;
        }
        Some(value.clone())
    }

    /// A namespace: one of a few words, or that of another container.
    fn namespace(&self, field: &Field<String>, words: &[&str]) {
        let Some(Spanned { value, span }) = field.get() else { return };
        let shared = ["service:", "container:"].iter().find_map(|prefix| value.strip_prefix(prefix));
        if shared.is_some_and(|name| !name.is_empty()) || words.contains(&value.as_str()) || value.is_empty()
        {
            return;
        }
        let help =
            format!("{} Or write `service:NAME` or `container:NAME`.", instead(value, words, "values"));
        self.bad(span, format!("{} is not a namespace", quote(value)), help);
    }

    /// `extra_hosts` as `NAME:ADDRESS` lines; the list writes `NAME=ADDRESS` or `NAME:ADDRESS`, and IPv6 may be in
    /// brackets (compose-go `types/hostList.go`).
    pub(super) fn extra_hosts(&self, field: Field<Hosts>) -> Vec<String> {
        let mut found: Vec<(String, String, Span)> = Vec::new();
        match field.value {
            None => {}
            Some(Hosts::Lines(list)) => {
                for Spanned { value, span } in list.0 {
                    let parts = value.split_once('=').or_else(|| value.split_once(':'));
                    let (name, address) = parts.unwrap_or((&value, ""));
                    found.push((name.to_owned(), address.to_owned(), span));
                }
            }
            Some(Hosts::Mapping(dict)) => {
                for (name, field) in dict.0 {
                    let span = field.place.or(field.key).unwrap_or_default();
                    let addresses = field.value.map_or_else(|| vec![String::new()], many);
                    found.extend(addresses.into_iter().map(|address| (name.clone(), address, span)));
                }
            }
        }
        let mut out = Vec::new();
        for (name, address, span) in found {
            if name.is_empty() || address.is_empty() {
                let message = format!("{} is not a line of /etc/hosts", quote(&name));
                self.bad(span, message, "Write `NAME=ADDRESS`.");
                continue;
            }
            let address = address.trim_start_matches('[').trim_end_matches(']');
            out.push(format!("{name}:{address}"));
        }
        out
    }

    /// The service's MAC address is the one in its first network (Compose `prepareContainerMACAddress`).
    fn check_mac_address(
        &self,
        field: &Field<String>,
        networks: &Map<String, Endpoint>,
        mode: Option<&Spanned<NetworkMode>>,
    ) {
        let Some(mac) = field.get() else { return };
        if let Some(mode) = mode {
            self.problems.push(
                Diagnostic::warning(Code::Unused, "`mac_address` does nothing beside `network_mode`")
                    .at(mac.span, "")
                    .at(mode.span, "")
                    .help("Take it away, or use `networks`."),
            );
        }
        let first = networks
            .iter()
            .min_by_key(|(key, endpoint)| (std::cmp::Reverse(endpoint.priority), (*key).clone()));
        if let Some((key, endpoint)) = first
            && let Some(other) = &endpoint.mac_address
            && other != mac.value
        {
            let message = format!("`mac_address` and that of the first network, `{key}`, differ");
            self.problems.error(Code::Contradiction, mac.span, message, "Keep one of them.");
        }
    }

    /// Keys for Windows containers: what changes nothing on Linux is said to; what no Linux engine takes is refused.
    fn warn_of_windows(&self, raw: &Raw) {
        for (key, place) in [
            ("cpu_count", raw.cpu_count.key),
            ("cpu_percent", raw.cpu_percent.key),
            ("credential_spec", raw.credential_spec.key),
        ] {
            if let Some(place) = place {
                self.problems.push(
                    Diagnostic::warning(Code::Unused, format!("`{key}` does nothing for a Linux container"))
                        .at(place, "")
                        .help("It is for Windows containers; limit CPUs with `cpus`."),
                );
            }
        }
        if let Some(word) = raw.isolation.get().filter(|word| !matches!(word.value.as_str(), "" | "default"))
        {
            self.problems.error(
                Code::NotSupported,
                word.span,
                format!(
                    "the isolation {} is Windows', and nestctl makes Linux containers",
                    quote(word.value)
                ),
                "Write `default`, or take `isolation` away.",
            );
        }
    }
}

fn list(field: Field<List<String>>) -> Vec<String> {
    field.value.map(texts).unwrap_or_default()
}
