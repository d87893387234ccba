//! From the lines of a fingerprint to the words of the file.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::field::{Field, Value};
use crate::model::behaviour::{FileRole, FileUse};

/// By what names and paths are shortened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// Compose project of the layer: what its networks and volumes are called begins with it.
    pub(super) project: &'a str,
    /// Directory of the lab on the user's machine.
    pub(super) directory: &'a Path,
}

/// Before the path of a field whose content is another.
pub(super) const CONTENT: &str = "content of ";

/// How a line's value is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// One of several lines whose order counts.
    Ordered,
    /// Bytes.
    Bytes,
    /// Nanoseconds.
    Time,
    /// 1e-9 of a CPU.
    Cpus,
    /// A published port.
    Port,
    /// Soft and hard limit.
    Limit,
    /// A name on the engine.
    Name,
    /// What is mounted.
    Mount,
    /// A path of the user's machine.
    Path,
    /// A file that is put in.
    File,
}

/// Lines that are called otherwise in the file, or whose values are written otherwise.
const LINES: &[(&str, &str, Form)] = &[
    ("entrypoint", "entrypoint", Form::Ordered),
    ("entrypoint.length", "entrypoint", Form::Text),
    ("command", "command", Form::Ordered),
    ("command.length", "command", Form::Text),
    ("environment.unset", "environment", Form::Text),
    ("device", "devices", Form::Text),
    ("device_cgroup_rule", "device_cgroup_rules", Form::Text),
    ("userns", "userns_mode", Form::Text),
    ("shm_size", "shm_size", Form::Bytes),
    ("mem_limit", "mem_limit", Form::Bytes),
    ("mem_reservation", "mem_reservation", Form::Bytes),
    ("memswap_limit", "memswap_limit", Form::Bytes),
    ("nano_cpus", "cpus", Form::Cpus),
    ("stop_grace_period", "stop_grace_period", Form::Time),
    ("healthcheck.test", "healthcheck.test", Form::Ordered),
    ("healthcheck.interval", "healthcheck.interval", Form::Time),
    ("healthcheck.timeout", "healthcheck.timeout", Form::Time),
    ("healthcheck.start_period", "healthcheck.start_period", Form::Time),
    ("healthcheck.start_interval", "healthcheck.start_interval", Form::Time),
    ("port", "ports", Form::Port),
    ("network", "networks", Form::Name),
    ("extra_host", "extra_hosts", Form::Text),
    ("dns", "dns", Form::Ordered),
    ("link", "links", Form::Text),
    ("reserved_device", "deploy.resources.reservations.devices", Form::Text),
    ("carried.bind", "volumes", Form::Path),
    ("carried.lab", "volumes", Form::Text),
    ("engine.arg", "engine.args", Form::Ordered),
    ("engine.data.tmpfs", "engine.data.tmpfs", Form::Text),
    ("engine.registry_mirror", "engine.registry_mirrors", Form::Text),
    ("engine.insecure_registry", "engine.insecure_registries", Form::Text),
    ("engine.ssh.key", "engine.ssh.authorized_keys", Form::Text),
    ("ipam.subnet", "ipam.config.subnet", Form::Text),
    ("ipam.ip_range", "ipam.config.ip_range", Form::Text),
    ("ipam.gateway", "ipam.config.gateway", Form::Text),
];

/// Lines of which a key of the user's own is a part.
const GROUPS: &[(&str, &str, Form)] = &[
    ("sysctl.", "sysctls.", Form::Text),
    ("ulimit.", "ulimits.", Form::Limit),
    ("label.", "labels.", Form::Text),
    ("logging.option.", "logging.options.", Form::Text),
    ("annotation.", "annotations.", Form::Text),
    ("seccomp_profile.", "security_opt.", Form::Text),
    ("driver_opt.", "driver_opts.", Form::Text),
    ("blkio.", "blkio_config.", Form::Text),
    ("ipam.option.", "ipam.options.", Form::Text),
    ("ipam.aux.", "ipam.config.aux_addresses.", Form::Text),
    ("file./run/secrets/", "secrets./run/secrets/", Form::File),
    ("file.", "configs.", Form::File),
];

/// What a network's part of a container is called.
const ENDPOINT: &[(&str, &str)] = &[
    ("alias", "aliases"),
    ("ipv4", "ipv4_address"),
    ("ipv6", "ipv6_address"),
    ("link_local_ip", "link_local_ips"),
    ("priority", "priority"),
    ("gw_priority", "gw_priority"),
    ("interface_name", "interface_name"),
    ("mac_address", "mac_address"),
];

/// Where a line stands in the file, and how its value is written there.
pub(super) fn word(key: &str, words: &Words<'_>) -> (String, Form) {
    if let Some((_, word, form)) = LINES.iter().find(|(line, ..)| *line == key) {
        return ((*word).to_owned(), *form);
    }
    if let Some(rest) = key.strip_prefix("mount.") {
        let target = rest.strip_suffix(".consistency").unwrap_or(rest);
        return (format!("volumes.{target}"), if target == rest { Form::Mount } else { Form::Text });
    }
    if let Some(rest) = key.strip_prefix("network.") {
        return (endpoint(rest, words), Form::Text);
    }
    for (group, word, form) in GROUPS {
        if let Some(rest) = key.strip_prefix(group) {
            return (format!("{word}{rest}"), *form);
        }
    }
    (key.to_owned(), Form::Text)
}

/// Calls a field of a config or secret by its key in the file, and not by the path that it has inside.
pub(super) fn name_file(field: &mut Field, uses: &[FileUse]) {
    let (head, path) = match field.path.strip_prefix(CONTENT) {
        Some(path) => (CONTENT, path),
        None => ("", field.path.as_str()),
    };
    let target = ["volumes.", "configs.", "secrets."].iter().find_map(|group| path.strip_prefix(group));
    if let Some(file) = uses.iter().find(|file| target == Some(file.path.as_str())) {
        let group = match file.role {
            FileRole::Config => "configs",
            FileRole::Secret => "secrets",
        };
        field.path = format!("{head}{group}.{}", file.source);
    }
}

fn endpoint(rest: &str, words: &Words<'_>) -> String {
    if let Some((network, option)) = rest.split_once(".driver_opt.") {
        return format!("networks.{}.driver_opts.{option}", name(network, words));
    }
    for (line, word) in ENDPOINT {
        if let Some(network) = rest.strip_suffix(line).and_then(|rest| rest.strip_suffix('.')) {
            return format!("networks.{}.{word}", name(network, words));
        }
    }
    format!("networks.{rest}")
}

/// A name of the engine as the key of the file, where it follows from it.
fn name(text: &str, words: &Words<'_>) -> String {
    let rest = text.strip_prefix(words.project).and_then(|rest| rest.strip_prefix('_'));
    rest.unwrap_or(text).to_owned()
}

/// A line's value as the file would write it.
pub(super) fn value(text: &str, form: Form, words: &Words<'_>) -> String {
    match form {
        Form::Text | Form::Ordered => text.to_owned(),
        Form::Bytes => text.parse().map_or_else(|_| text.to_owned(), bytes),
        Form::Time => text.parse().map_or_else(|_| text.to_owned(), |n| time(Duration::from_nanos(n))),
        Form::Cpus => text.parse().map_or_else(|_| text.to_owned(), cpus),
        Form::Port => text.strip_suffix("/tcp").unwrap_or(text).to_owned(),
        Form::Limit => match text.split_once(':') {
            Some((soft, hard)) if soft == hard => soft.to_owned(),
            _ => text.to_owned(),
        },
        Form::Name => name(text, words),
        Form::Mount => mount(text, words),
        Form::Path => path(text, words),
        Form::File => mode(text).to_owned(),
    }
}

/// What something is called that a node has on behalf of a service: its own, or one inside.
pub(super) fn on_behalf(key: &str, text: &str, whose: &str, words: &Words<'_>) -> (String, Value) {
    let (place, what) = match key {
        "port" => ("publish", port_of_machine(text).to_owned()),
        "carried.lab" => ("volumes", ".".to_owned()),
        _ => ("volumes", path(text, words)),
    };
    let of = if whose.is_empty() { String::new() } else { format!(" of {whose}") };
    (place.to_owned(), Value::Shown(format!("{what}{of}")))
}

/// The port of the machine, or, where the engine chooses it, that inside.
fn port_of_machine(text: &str) -> &str {
    let text = text.strip_suffix("/tcp").unwrap_or(text);
    text.rsplit_once(':').map_or(text, |(machine, _)| machine)
}

fn mount(text: &str, words: &Words<'_>) -> String {
    let (text, read_only) = match text.strip_suffix(" ro") {
        Some(text) => (text, " (read-only)"),
        None => (text, ""),
    };
    let mut parts = text.splitn(3, ' ');
    let what = match (parts.next(), parts.next(), parts.next()) {
        (Some("bind"), Some("user"), Some(rest)) => path(first(rest), words),
        (Some("bind"), Some("engine"), Some(rest)) => first(rest).to_owned(),
        (Some("volume"), Some(""), _) => "an anonymous volume".to_owned(),
        (Some("volume"), Some(volume), _) => name(volume, words),
        (Some("tmpfs"), ..) => "tmpfs".to_owned(),
        (Some("image"), Some(image), _) => format!("image {image}"),
        _ => text.to_owned(),
    };
    format!("{what}{read_only}")
}

fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// A path of the user's machine as the file writes it.
fn path(text: &str, words: &Words<'_>) -> String {
    match Path::new(text).strip_prefix(words.directory) {
        Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
        Ok(rest) => format!("./{}", rest.display()),
        Err(_) => text.to_owned(),
    }
}

/// Mode and owner of a file's line, without the digest.
fn mode(text: &str) -> &str {
    text.rsplit_once(' ').map_or(text, |(rest, _)| rest.rsplit_once(' ').map_or(rest, |(mode, _)| mode))
}

/// Whether two lines of a file differ in nothing but the digest of its content.
pub(super) fn same_but_content(a: &str, b: &str) -> bool {
    a.rsplit_once(' ').map(|(rest, _)| rest) == b.rsplit_once(' ').map(|(rest, _)| rest)
}

fn bytes(n: i64) -> String {
    for (unit, size) in [("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)] {
        if n > 0 && n % size == 0 {
            return format!("{}{unit}", n / size);
        }
    }
    n.to_string()
}

fn time(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    let mut out = String::new();
    for (n, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")] {
        if n > 0 {
            let _ = write!(out, "{n}{unit}");
        }
    }
    if millis > 0 {
        let _ = write!(out, "{millis}ms");
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

fn cpus(nano: i64) -> String {
    let whole = nano / 1_000_000_000;
    let part = format!("{:09}", nano % 1_000_000_000);
    match part.trim_end_matches('0') {
        "" => whole.to_string(),
        part => format!("{whole}.{part}"),
    }
}
