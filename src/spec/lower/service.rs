//! A service: its keys one by one.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{ContainerSpec, Logging, RestartPolicy};
use crate::model::name::ServiceName;
use crate::model::service::{PullPolicy, Service};
use crate::model::span::{Span, Spanned};
use crate::spec::reader::{Reader, Scope};
use crate::spec::service_key::{self, SERVICE_KEYS};
use crate::spec::tree::Node;

use super::layer::Definitions;

impl Reader<'_> {
    /// Reads a service; `None` when it is not a mapping.
    pub(in crate::spec) fn service(
        &mut self,
        name: &ServiceName,
        span: Span,
        node: &Node,
        scope: &Scope,
        defs: &Definitions,
    ) -> Option<Service> {
        let entries = self.entries(node, name.as_str())?;
        let mut service = Service {
            name: name.clone(),
            span,
            spans: BTreeMap::new(),
            spec: ContainerSpec::default(),
            container_name: None,
            scale: 1,
            depends_on: Vec::new(),
            pull_policy: PullPolicy::Missing,
            files: Vec::new(),
            publish: Vec::new(),
            node: None,
        };
        for (key, value) in entries {
            if key.text.starts_with("x-") {
                continue;
            }
            match service_key::find(&key.text) {
                None => {
                    let known: Vec<&str> = SERVICE_KEYS.iter().map(|key| key.name).collect();
                    self.unknown_service_key(key, &known);
                }
                Some(known) if !known.supported => self.not_supported(key),
                Some(known) => {
                    service.spans.insert(known.name.to_owned(), key.span);
                    self.service_key(known.name, value, defs, &mut service);
                }
            }
        }
        self.environment(node, scope, &mut service);
        self.mounts(node, scope, defs, &mut service);
        self.service_networks(node, defs, &mut service);
        self.limits(node, &mut service);
        self.node(node, scope, &mut service);
        Some(service)
    }

    /// A service has too many keys to list: only a near one is named.
    fn unknown_service_key(&mut self, key: &crate::spec::tree::Key, known: &[&str]) {
        let problem = Diagnostic::error(Code::UnknownKey, format!("a service has no key `{}`", key.text));
        let help = match crate::diag::suggest::nearest(&key.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "keys of your own begin with `x-`".to_owned(),
        };
        self.diagnostics.push(problem.at(key.span, "").help(help));
    }

    /// Keys that stand for themselves; those that need others are read afterwards, together.
    fn service_key(&mut self, key: &'static str, node: &Node, defs: &Definitions, service: &mut Service) {
        let spec = &mut service.spec;
        match key {
            "image" => spec.image = self.name(node, key).unwrap_or_default(),
            "platform" => spec.platform = self.name(node, key),
            "entrypoint" => spec.entrypoint = self.command_line(node, key),
            "command" => spec.command = self.command_line(node, key),
            "working_dir" => spec.working_dir = self.name(node, key),
            "user" => spec.user = self.name(node, key),
            "hostname" => spec.hostname = self.name(node, key),
            "domainname" => spec.domainname = self.name(node, key),
            "tty" => spec.tty = self.boolean(node, key).unwrap_or_default(),
            "stdin_open" => spec.stdin_open = self.boolean(node, key).unwrap_or_default(),
            "init" => spec.init = self.boolean(node, key),
            "privileged" => spec.privileged = self.boolean(node, key).unwrap_or_default(),
            "read_only" => spec.read_only = self.boolean(node, key).unwrap_or_default(),
            "cap_add" => spec.cap_add = self.strings(node, key),
            "cap_drop" => spec.cap_drop = self.strings(node, key),
            "security_opt" => spec.security_opt = self.strings(node, key),
            "devices" => spec.devices = self.devices(node),
            "device_cgroup_rules" => spec.device_cgroup_rules = self.strings(node, key),
            "group_add" => spec.group_add = self.strings(node, key),
            "runtime" => spec.runtime = self.name(node, key),
            "cgroup" => spec.cgroup = self.word(node, key, &["host", "private"]),
            "cgroup_parent" => spec.cgroup_parent = self.name(node, key),
            "network_mode" => spec.network_mode = self.network_mode(node),
            "pid" => spec.pid = self.namespace(node, key, &["host"]),
            "ipc" => spec.ipc = self.namespace(node, key, &["host", "private", "none", "shareable"]),
            "uts" => spec.uts = self.word(node, key, &["host"]),
            "userns_mode" => spec.userns = self.word(node, key, &["host"]),
            "sysctls" => spec.sysctls = self.text_map(node, key),
            "ulimits" => spec.ulimits = self.ulimits(node),
            "shm_size" => spec.shm_size = self.bytes(node, key),
            "stop_signal" => spec.stop_signal = self.name(node, key),
            "stop_grace_period" => spec.stop_grace_period = self.duration(node, key),
            "restart" => spec.restart = self.restart(node).unwrap_or_default(),
            "healthcheck" => spec.healthcheck = self.healthcheck(node),
            "ports" => {
                let ports = self.ports(node, key);
                spec.ports = ports.into_iter().map(|port| port.value).collect();
            }
            "publish" => service.publish = self.ports(node, key),
            "expose" => spec.expose = self.expose(node),
            "labels" => spec.labels = self.text_map(node, key),
            "extra_hosts" => spec.extra_hosts = self.extra_hosts(node),
            "dns" => spec.dns = self.string_or_strings(node, key),
            "dns_search" => spec.dns_search = self.string_or_strings(node, key),
            "dns_opt" => spec.dns_opt = self.strings(node, key),
            "logging" => spec.logging = self.logging(node),
            "container_name" => service.container_name = self.container_name(node),
            "pull_policy" => service.pull_policy = self.pull_policy(node).unwrap_or_default(),
            "depends_on" => service.depends_on = self.depends_on(node),
            "configs" => self.uses(node, key, &defs.configs, service),
            "secrets" => self.uses(node, key, &defs.secrets, service),
            // Read together with others by their own methods, or (`profiles`) before the service.
            _ => {}
        }
    }

    /// `pid` and `ipc`: a word or `container:NAME`.
    fn namespace(&mut self, node: &Node, key: &str, words: &[&str]) -> Option<String> {
        let text = self.string(node, key)?;
        if text.strip_prefix("container:").is_some_and(|name| !name.is_empty())
            || words.contains(&text.as_str())
        {
            return Some(text);
        }
        if text.starts_with("service:") {
            let message = format!("`{key}: service:…` is not supported yet");
            self.error(Code::NotSupported, node.span, message, "");
            return None;
        }
        let mut all = words.to_vec();
        all.push("container:NAME");
        self.word(node, key, &all)
    }

    fn restart(&mut self, node: &Node) -> Option<RestartPolicy> {
        let text = self.string(node, "restart")?;
        if let Some(rest) = text.strip_prefix("on-failure") {
            if rest.is_empty() {
                return Some(RestartPolicy::OnFailure(0));
            }
            let times = rest.strip_prefix(':').and_then(|times| times.parse().ok());
            if times.is_none() {
                self.bad(node.span, "restart", &text, "a restart policy such as `on-failure:3`");
            }
            return times.map(RestartPolicy::OnFailure);
        }
        // An unquoted `no` is a boolean in YAML 1.1 and a word in 1.2; both mean the same here.
        let words = ["no", "always", "on-failure", "unless-stopped"];
        match text.as_str() {
            "false" | "" => Some(RestartPolicy::No),
            _ => Some(match self.word(node, "restart", &words)?.as_str() {
                "always" => RestartPolicy::Always,
                "unless-stopped" => RestartPolicy::UnlessStopped,
                _ => RestartPolicy::No,
            }),
        }
    }

    fn logging(&mut self, node: &Node) -> Option<Logging> {
        let mut logging = Logging::default();
        for (key, value) in self.map(node, "`logging`", &["driver", "options"])? {
            match key.text.as_str() {
                "driver" => logging.driver = self.name(value, "logging.driver"),
                _ => logging.options = self.text_map(value, "logging.options"),
            }
        }
        Some(logging)
    }

    fn container_name(&mut self, node: &Node) -> Option<Spanned<String>> {
        let text = self.string(node, "container_name")?;
        // The pattern of the daemon (moby `daemon/names`).
        let good = text.len() > 1
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !good {
            let help =
                "it holds letters, digits, `_`, `.` and `-`, at least two, and starts with a letter or digit";
            self.error(Code::BadName, node.span, format!("`{text}` is not a container's name"), help);
            return None;
        }
        Some(Spanned::new(text, node.span))
    }

    fn pull_policy(&mut self, node: &Node) -> Option<PullPolicy> {
        let text = self.string(node, "pull_policy")?;
        if ["build", "refresh", "daily", "weekly"].contains(&text.as_str()) || text.starts_with("every_") {
            let message = format!("the pull policy `{text}` is not supported yet");
            self.error(Code::NotSupported, node.span, message, "`always`, `missing` and `never` are");
            return None;
        }
        Some(
            match self.word(node, "pull_policy", &["always", "missing", "never", "if_not_present"])?.as_str()
            {
                "always" => PullPolicy::Always,
                "never" => PullPolicy::Never,
                _ => PullPolicy::Missing,
            },
        )
    }

    /// `host:address` lines of a list (`host:address`, `host=address`) or a mapping.
    fn extra_hosts(&mut self, node: &Node) -> Vec<String> {
        let plain = |host: &str, address: &str| {
            let address = address.trim().trim_start_matches('[').trim_end_matches(']');
            format!("{}:{address}", host.trim())
        };
        let mut out = Vec::new();
        if let crate::spec::tree::Value::Map(entries) = &node.value {
            for (host, addresses) in entries {
                let addresses = self.string_or_strings(addresses, "extra_hosts");
                out.extend(addresses.iter().map(|address| plain(&host.text, address)));
            }
            return out;
        }
        let Some(items) = self.list(node, "extra_hosts") else { return out };
        for item in items {
            let Some(text) = self.string(item, "extra_hosts") else { continue };
            match text.split_once('=').or_else(|| text.split_once(':')) {
                Some((host, address)) if !host.is_empty() && !address.is_empty() => {
                    out.push(plain(host, address));
                }
                _ => self.bad(item.span, "extra_hosts", &text, "a host with its address, `host=address`"),
            }
        }
        out
    }
}
