//! A lab as it was understood, in the shape of a lab file: what is printed can be read again.

use serde_json::{Map, Value, json};

use crate::model::container::{
    BindPath, ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, NetworkMode, PortBinding,
    RestartPolicy,
};
use crate::model::files::PutFile;
use crate::model::network::{NetworkSpec, Subnet};
use crate::model::service::{Condition, DataRoot, EngineOptions, NodeDef, PullPolicy, Service, Target};
use crate::model::topology::{Layer, NetworkDef, Topology, VolumeDef};

/// The lab. Keys are in alphabetical order, as Compose prints them.
pub fn to_value(topology: &Topology) -> Value {
    let mut root = layer(&topology.root);
    root.insert("name".to_owned(), text(topology.project.as_str()));
    Value::Object(root)
}

/// A text that interpolation leaves as it is.
fn text(text: &str) -> Value {
    Value::String(text.replace('$', "$$"))
}

fn texts(list: &[String]) -> Value {
    list.iter().map(|it| text(it)).collect()
}

/// A mapping that leaves out what is at its default.
#[derive(Default)]
struct Keys(Map<String, Value>);

impl Keys {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn text(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.set(key, text(value));
        }
    }

    fn list(&mut self, key: &str, list: &[String]) {
        if !list.is_empty() {
            self.set(key, texts(list));
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.set(key, true);
        }
    }

    fn values(&mut self, key: &str, list: Vec<Value>) {
        if !list.is_empty() {
            self.set(key, list);
        }
    }

    fn map<'a>(&mut self, key: &str, entries: impl IntoIterator<Item = (&'a String, Value)>) {
        let map: Map<String, Value> = entries.into_iter().map(|(key, value)| (key.clone(), value)).collect();
        if !map.is_empty() {
            self.set(key, map);
        }
    }

    fn strings(&mut self, key: &str, map: &std::collections::BTreeMap<String, String>) {
        self.map(key, map.iter().map(|(key, value)| (key, text(value))));
    }

    fn duration(&mut self, key: &str, value: Option<std::time::Duration>) {
        if let Some(value) = value {
            self.set(key, duration(value));
        }
    }
}

/// `1h2m3s`, `1.5s`, `20ms`: what Compose reads as a duration.
fn duration(value: std::time::Duration) -> String {
    if value.subsec_nanos() == 0 {
        return format!("{}s", value.as_secs());
    }
    if value.as_nanos().is_multiple_of(1_000_000) {
        return format!("{}ms", value.as_millis());
    }
    format!("{}us", value.as_micros())
}

fn layer(it: &Layer) -> Map<String, Value> {
    let mut keys = Keys::default();
    if let Some(name) = &it.name {
        keys.set("name", text(name.value.as_str()));
    }
    let services =
        it.services.values().map(|it| (it.name.to_string(), Value::Object(service(it)))).collect::<Vec<_>>();
    keys.map("services", services.iter().map(|(key, value)| (key, value.clone())));
    keys.map("networks", it.networks.iter().map(|(key, it)| (key, network(it))));
    keys.map("volumes", it.volumes.iter().map(|(key, it)| (key, volume(it))));
    let configs: Vec<_> = it.services.values().flat_map(contents).collect();
    keys.map("configs", configs.iter().map(|(key, content)| (key, json!({"content": content}))));
    keys.values("images", it.images.iter().map(|image| text(&image.value)).collect());
    keys.0
}

/// The name that the `number`th file of a service gets as a config of its layer.
fn config_name(service: &Service, number: usize) -> String {
    format!("{}-{number}", service.name)
}

/// Files with content, as configs of the layer. What lies where secrets do is not shown.
fn contents(service: &Service) -> Vec<(String, Value)> {
    let shown = |put: &PutFile| {
        if put.path.starts_with("/run/secrets/") {
            Value::from("<hidden>")
        } else {
            text(&String::from_utf8_lossy(&put.content))
        }
    };
    service.files.iter().enumerate().map(|(n, put)| (config_name(service, n), shown(put))).collect()
}

fn network(it: &NetworkDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    keys.flag("external", it.external);
    let NetworkSpec { driver, driver_opts, internal, attachable, enable_ipv6, ipam_driver, ipam, labels } =
        &it.spec;
    keys.text("driver", driver.as_ref());
    keys.strings("driver_opts", driver_opts);
    keys.flag("internal", *internal);
    keys.flag("attachable", *attachable);
    if let Some(enable) = enable_ipv6 {
        keys.set("enable_ipv6", *enable);
    }
    let mut pool = Keys::default();
    pool.text("driver", ipam_driver.as_ref());
    pool.values("config", ipam.iter().map(subnet).collect());
    if !pool.0.is_empty() {
        keys.set("ipam", pool.0);
    }
    keys.strings("labels", labels);
    Value::Object(keys.0)
}

fn subnet(it: &Subnet) -> Value {
    let mut keys = Keys::default();
    keys.text("subnet", it.subnet.as_ref());
    keys.text("ip_range", it.ip_range.as_ref());
    keys.text("gateway", it.gateway.as_ref());
    keys.strings("aux_addresses", &it.aux_addresses);
    Value::Object(keys.0)
}

fn volume(it: &VolumeDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    keys.flag("external", it.external);
    keys.text("driver", it.spec.driver.as_ref());
    keys.strings("driver_opts", &it.spec.driver_opts);
    keys.strings("labels", &it.spec.labels);
    Value::Object(keys.0)
}

fn service(it: &Service) -> Map<String, Value> {
    let mut keys = Keys::default();
    container(&mut keys, &it.spec);
    if let Some(name) = &it.container_name {
        keys.set("container_name", text(&name.value));
    }
    if it.scale != 1 {
        keys.set("scale", it.scale);
    }
    let depends = it.depends_on.iter().map(|dependency| {
        let target = match &dependency.target {
            Target::Relative(pattern) => pattern.to_string(),
            Target::Absolute(pattern) => format!("/{pattern}"),
        };
        let condition = match dependency.condition {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::Completed => "service_completed_successfully",
            Condition::Ready => "service_ready",
        };
        let mut value = json!({"condition": condition, "required": dependency.required});
        if dependency.restart {
            value["restart"] = Value::Bool(true);
        }
        (target, value)
    });
    let depends: Vec<_> = depends.collect();
    keys.map("depends_on", depends.iter().map(|(key, value)| (key, value.clone())));
    match it.pull_policy {
        PullPolicy::Missing => {}
        PullPolicy::Always => keys.set("pull_policy", "always"),
        PullPolicy::Never => keys.set("pull_policy", "never"),
        PullPolicy::Build => keys.set("pull_policy", "build"),
        PullPolicy::Refresh(after) => keys.set("pull_policy", format!("every_{}s", after.as_secs())),
    }
    let files = it.files.iter().enumerate().map(|(n, put)| {
        json!({
            "source": config_name(it, n),
            "target": text(&put.path),
            "mode": format!("{:04o}", put.mode),
            "uid": put.uid.to_string(),
            "gid": put.gid.to_string(),
        })
    });
    keys.values("configs", files.collect());
    keys.values("publish", it.publish.iter().map(|port| port_value(&port.value)).collect());
    if let Some(node) = &it.node {
        node_keys(&mut keys, node);
    }
    keys.0
}

fn node_keys(keys: &mut Keys, node: &NodeDef) {
    let options = engine_options(&node.options);
    if options.0.is_empty() {
        keys.set("engine", text(&node.kind.value));
    } else {
        let mut options = options;
        options.set("kind", text(&node.kind.value));
        keys.set("engine", options.0);
    }
    let inner = layer(&node.inner);
    if !inner.is_empty() {
        keys.set("inner", inner);
    }
}

fn engine_options(it: &EngineOptions) -> Keys {
    let mut keys = Keys::default();
    keys.list("args", &it.args);
    if let Some(config) = &it.config {
        let value = serde_json::from_str(&config.value).unwrap_or_else(|_| text(&config.value));
        keys.set("config", value);
    }
    match &it.data {
        DataRoot::Volume => {}
        DataRoot::Named(name) => keys.set("data", text(name)),
        DataRoot::Tmpfs => keys.set("data", "tmpfs"),
    }
    keys.text("address_pool", it.address_pool.as_ref().map(|pool| &pool.value));
    if let Some(mtu) = it.mtu {
        keys.set("mtu", mtu);
    }
    keys.list("registry_mirrors", &it.registry_mirrors);
    keys.list("insecure_registries", &it.insecure_registries);
    keys.duration("ready_timeout", it.ready_timeout);
    keys.text("path", it.path.as_ref());
    keys.text("host", it.host.as_ref().map(|host| &host.value));
    keys.text("tls", it.tls.as_ref());
    if let Some(ssh) = &it.ssh {
        keys.set("ssh", json!({"user": text(&ssh.user), "authorized_keys": texts(&ssh.authorized_keys)}));
    }
    keys.values("ca", it.ca.iter().map(|pem| text(&String::from_utf8_lossy(pem))).collect());
    keys
}

fn container(keys: &mut Keys, it: &ContainerSpec) {
    keys.text("image", Some(&it.image).filter(|image| !image.is_empty()));
    keys.text("platform", it.platform.as_ref());
    if let Some(entrypoint) = &it.entrypoint {
        keys.set("entrypoint", texts(entrypoint));
    }
    if let Some(command) = &it.command {
        keys.set("command", texts(command));
    }
    let value = |value: &Option<String>| value.as_deref().map_or(Value::Null, text);
    keys.map("environment", it.environment.iter().map(|(key, it)| (key, value(it))));
    keys.text("working_dir", it.working_dir.as_ref());
    keys.text("user", it.user.as_ref());
    keys.text("hostname", it.hostname.as_ref());
    keys.text("domainname", it.domainname.as_ref());
    keys.flag("tty", it.tty);
    keys.flag("stdin_open", it.stdin_open);
    if let Some(init) = it.init {
        keys.set("init", init);
    }
    keys.flag("privileged", it.privileged);
    keys.flag("read_only", it.read_only);
    keys.list("cap_add", &it.cap_add);
    keys.list("cap_drop", &it.cap_drop);
    keys.list("security_opt", &it.security_opt);
    let devices =
        it.devices.iter().map(|it| text(&format!("{}:{}:{}", it.source, it.target, it.permissions)));
    keys.values("devices", devices.collect());
    keys.list("device_cgroup_rules", &it.device_cgroup_rules);
    keys.list("group_add", &it.group_add);
    keys.text("runtime", it.runtime.as_ref());
    keys.text("cgroup", it.cgroup.as_ref());
    keys.text("cgroup_parent", it.cgroup_parent.as_ref());
    if let Some(mode) = &it.network_mode {
        let mode = match mode {
            NetworkMode::None => "none".to_owned(),
            NetworkMode::Host => "host".to_owned(),
            NetworkMode::Bridge => "bridge".to_owned(),
            NetworkMode::Service(name) => format!("service:{name}"),
            NetworkMode::Container(name) => format!("container:{name}"),
        };
        keys.set("network_mode", text(&mode));
    }
    keys.text("pid", it.pid.as_ref());
    keys.text("ipc", it.ipc.as_ref());
    keys.text("uts", it.uts.as_ref());
    keys.text("userns_mode", it.userns.as_ref());
    keys.strings("sysctls", &it.sysctls);
    keys.map("ulimits", it.ulimits.iter().map(|(key, it)| (key, json!({"soft": it.soft, "hard": it.hard}))));
    for (key, bytes) in [("shm_size", it.shm_size), ("mem_limit", it.mem_limit)] {
        if let Some(bytes) = bytes {
            keys.set(key, bytes.to_string());
        }
    }
    if let Some(nano_cpus) = it.nano_cpus {
        let (whole, part) = (nano_cpus / 1_000_000_000, nano_cpus % 1_000_000_000);
        let text = format!("{whole}.{part:09}");
        keys.set("cpus", text.trim_end_matches('0').trim_end_matches('.'));
    }
    if let Some(limit) = it.pids_limit {
        keys.set("pids_limit", limit);
    }
    keys.text("stop_signal", it.stop_signal.as_ref());
    keys.duration("stop_grace_period", it.stop_grace_period);
    match it.restart {
        RestartPolicy::No => {}
        RestartPolicy::Always => keys.set("restart", "always"),
        RestartPolicy::UnlessStopped => keys.set("restart", "unless-stopped"),
        RestartPolicy::OnFailure(0) => keys.set("restart", "on-failure"),
        RestartPolicy::OnFailure(n) => keys.set("restart", format!("on-failure:{n}")),
    }
    if let Some(check) = &it.healthcheck {
        keys.set("healthcheck", healthcheck(check));
    }
    keys.values("ports", it.ports.iter().map(port_value).collect());
    keys.list("expose", &it.expose);
    keys.values("volumes", it.mounts.iter().map(mount).collect());
    keys.map("networks", it.networks.iter().map(|(key, it)| (key, endpoint(it))));
    keys.strings("labels", &it.labels);
    keys.list("extra_hosts", &it.extra_hosts);
    keys.list("dns", &it.dns);
    keys.list("dns_search", &it.dns_search);
    keys.list("dns_opt", &it.dns_opt);
    if let Some(logging) = &it.logging {
        let mut inner = Keys::default();
        inner.text("driver", logging.driver.as_ref());
        inner.strings("options", &logging.options);
        keys.set("logging", inner.0);
    }
}

fn healthcheck(it: &Healthcheck) -> Value {
    if it.is_disabled() {
        return json!({"disable": true});
    }
    let mut keys = Keys::default();
    keys.list("test", &it.test);
    keys.duration("interval", it.interval);
    keys.duration("timeout", it.timeout);
    keys.duration("start_period", it.start_period);
    keys.duration("start_interval", it.start_interval);
    if let Some(retries) = it.retries {
        keys.set("retries", retries);
    }
    Value::Object(keys.0)
}

fn port_value(it: &PortBinding) -> Value {
    let mut keys = Keys::default();
    keys.set("target", it.container);
    keys.set("protocol", it.protocol.as_str());
    keys.text("host_ip", it.host_ip.as_ref());
    match it.host {
        Some((first, last)) if first == last => keys.set("published", first.to_string()),
        Some((first, last)) => keys.set("published", format!("{first}-{last}")),
        None => {}
    }
    Value::Object(keys.0)
}

fn mount(it: &Mount) -> Value {
    let mut keys = Keys::default();
    keys.set("target", text(&it.target));
    keys.flag("read_only", it.read_only);
    match &it.source {
        MountSource::Bind { path, create, propagation, selinux } => {
            keys.set("type", "bind");
            keys.set(
                "source",
                text(&match path {
                    BindPath::User(path) => path.display().to_string(),
                    BindPath::Engine(path) => path.clone(),
                }),
            );
            let mut bind = Keys::default();
            bind.set("create_host_path", *create);
            bind.text("propagation", propagation.as_ref());
            if let Some(label) = selinux {
                bind.set("selinux", label.to_string());
            }
            keys.set("bind", bind.0);
        }
        MountSource::Volume { name, nocopy, subpath } => {
            keys.set("type", "volume");
            keys.text("source", name.as_ref());
            let mut volume = Keys::default();
            volume.flag("nocopy", *nocopy);
            volume.text("subpath", subpath.as_ref());
            if !volume.0.is_empty() {
                keys.set("volume", volume.0);
            }
        }
        MountSource::Tmpfs { options } => {
            keys.set("type", "tmpfs");
            let mut tmpfs = Keys::default();
            for option in options.split(',') {
                match option.split_once('=') {
                    Some(("size", size)) => tmpfs.set("size", text(size)),
                    Some(("mode", mode)) => tmpfs.set("mode", u32::from_str_radix(mode, 8).unwrap_or(0o1777)),
                    _ => {}
                }
            }
            if !tmpfs.0.is_empty() {
                keys.set("tmpfs", tmpfs.0);
            }
        }
    }
    Value::Object(keys.0)
}

fn endpoint(it: &Endpoint) -> Value {
    let mut keys = Keys::default();
    keys.list("aliases", &it.aliases);
    keys.text("ipv4_address", it.ipv4_address.as_ref());
    keys.text("ipv6_address", it.ipv6_address.as_ref());
    if it.priority != 0 {
        keys.set("priority", it.priority);
    }
    Value::Object(keys.0)
}
