//! What the file says of a container.

use serde_json::Value;

use super::health::healthcheck;
use super::keys::{Keys, text, texts};
use super::limits::limits;
use super::mount::mount;
use super::network::{endpoint, mode};
use super::port::port_value;
use crate::model::behaviour::FileUse;
use crate::model::container::{ContainerSpec, Mount, MountSource, RestartPolicy};
use crate::model::deploy::Deploy;

/// `files`: configs and secrets, whose mounts are not said again.
pub(super) fn container(keys: &mut Keys, it: &ContainerSpec, deploy: Option<&Deploy>, files: &[FileUse]) {
    let deploy = deploy.cloned().unwrap_or_default();
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
    if let Some(network_mode) = &it.network_mode {
        keys.set("network_mode", text(&mode(network_mode)));
    }
    keys.text("pid", it.pid.as_ref());
    keys.text("ipc", it.ipc.as_ref());
    keys.text("uts", it.uts.as_ref());
    keys.text("userns_mode", it.userns.as_ref());
    keys.strings("sysctls", &it.sysctls);
    limits(keys, it, &deploy);
    keys.strings("annotations", &it.annotations);
    keys.text("mac_address", it.mac_address.as_ref());
    keys.strings("storage_opt", &it.storage_opt);
    keys.text("isolation", it.isolation.as_ref());
    keys.text("stop_signal", it.stop_signal.as_ref());
    keys.duration("stop_grace_period", it.stop_grace_period);
    let restart = if deploy.restart.is_some() { RestartPolicy::No } else { it.restart };
    match restart {
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
    let of_files = |target: &str| files.iter().any(|file| file.path == target);
    let mounts = it.mounts.iter().filter(|mount| !of_files(&mount.target));
    let (memory, mounts): (Vec<_>, Vec<_>) =
        mounts.partition(|mount| matches!(mount.source, MountSource::Tmpfs { .. }));
    keys.values("volumes", mounts.into_iter().map(mount).collect());
    // Their options have no place in the long form.
    let tmpfs = |mount: &Mount| match &mount.source {
        MountSource::Tmpfs { options } if !options.is_empty() => text(&format!("{}:{options}", mount.target)),
        _ => text(&mount.target),
    };
    keys.values("tmpfs", memory.into_iter().map(tmpfs).collect());
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
