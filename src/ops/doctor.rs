//! Whether an engine and its machine can run a lab: the pitfalls that stop one before it starts.

use crate::model::check::{Check, Verdict};
use crate::model::facts::Facts;

use super::context::Ctx;
use super::error::OpError;
use super::host_facts::{DeviceFact, HostFacts, host_facts};

/// Oldest Engine API version that is spoken (Docker 20.10).
const OLDEST_API: (u32, u32) = (1, 41);
/// Fewer inotify instances than this run out with a handful of nodes: one a container is usual with cgroup v2,
/// and all levels share the user's limit (ENGINES.md P6; the number is kind's advice).
const INOTIFY_INSTANCES: u64 = 512;
/// As above, for watches.
const INOTIFY_WATCHES: u64 = 524_288;
/// Below this an inner engine with a few images fills the disk.
const DISK_WARN: u64 = 10 << 30;
/// Below this hardly one image fits.
const DISK_FAIL: u64 = 1 << 30;

/// Examines the engine and, where it runs on this machine, the machine. An engine that cannot be reached is the
/// first failed check, not an error.
pub async fn doctor(ctx: Result<&Ctx, &OpError>) -> Vec<Check> {
    let ctx = match ctx {
        Ok(ctx) => ctx,
        Err(error) => return vec![unreachable(&with_causes(error))],
    };
    match ctx.root.facts().await {
        Err(error) => {
            let failure = error.to_failure();
            let why = std::iter::once(failure.summary).chain(failure.causes).collect::<Vec<_>>().join(": ");
            vec![unreachable(&format!("{}: {why}", ctx.endpoint))]
        }
        Ok(facts) => {
            // What runs behind a local socket may still be another machine (Docker Desktop); its kernel differs then.
            let local = ctx.endpoint.socket_path().is_some() && same_kernel(&facts);
            let host = local.then(|| host_facts(&facts.data_root));
            checks(&ctx.endpoint.url(), &facts, host.as_ref())
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        out.push_str(": ");
        out.push_str(&error.to_string());
        source = error.source();
    }
    out
}

fn same_kernel(facts: &Facts) -> bool {
    rustix::system::uname().release().to_bytes() == facts.kernel.as_bytes()
}

fn unreachable(why: &str) -> Check {
    fail(
        "engine",
        why.to_owned(),
        "start Docker, or set DOCKER_HOST or the Docker context to an engine that runs",
    )
}

fn ok(name: &'static str, found: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Ok, found: found.into(), advice: None }
}

fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Warn, found: found.into(), advice: Some(advice.into()) }
}

fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Fail, found: found.into(), advice: Some(advice.into()) }
}

/// All checks of an engine that answered. `host`: facts of its machine, where that is this one.
fn checks(endpoint: &str, facts: &Facts, host: Option<&HostFacts>) -> Vec<Check> {
    let mut out = vec![
        ok("engine", format!("{endpoint}, version {} on {}/{}", facts.version, facts.os, facts.arch)),
        api(facts),
        system(facts),
        privileged(facts),
        cgroups(facts),
        storage(facts),
        runtimes(facts),
    ];
    match host {
        Some(host) => {
            out.extend([inotify(host), disk(facts, host)]);
            out.push(device("/dev/net/tun", host.tun, "modprobe tun"));
            out.push(device("/dev/fuse", host.fuse, "modprobe fuse"));
        }
        None => out.push(warn(
            "machine",
            "the engine runs on another machine: inotify limits, disk and devices were not looked at",
            "run the same check there",
        )),
    }
    out
}

fn api(facts: &Facts) -> Check {
    let text = format!("API {}", facts.api_version);
    let version =
        facts.api_version.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    match version {
        Some(version) if version >= OLDEST_API => ok("api", text),
        _ => {
            let oldest = format!("{}.{}", OLDEST_API.0, OLDEST_API.1);
            fail("api", text, format!("use an engine that serves API {oldest} or newer (Docker 20.10)"))
        }
    }
}

fn system(facts: &Facts) -> Check {
    let text =
        format!("{}, kernel {}, {} CPUs, {} MiB", facts.os, facts.kernel, facts.cpus, facts.memory >> 20);
    if facts.os == "linux" {
        ok("system", text)
    } else {
        fail("system", text, "nodes are Linux containers: switch the engine to Linux containers")
    }
}

fn privileged(facts: &Facts) -> Check {
    let remapped = facts.security.iter().any(|option| option.contains("userns"));
    if facts.is_rootless() {
        return warn(
            "privileged",
            "the engine is rootless: a privileged container has the rights of its user only",
            "nodes of kind `dind` and `systemd` may not start; use an engine with root for them",
        );
    }
    if remapped {
        return warn(
            "privileged",
            "the engine remaps user IDs: privileged containers need the host's user namespace",
            "take `userns-remap` out of the engine's configuration, or use another engine",
        );
    }
    ok("privileged", "the engine has root: privileged nodes can run")
}

fn cgroups(facts: &Facts) -> Check {
    let text = format!("version {}, driver {}", facts.cgroup_version, facts.cgroup_driver);
    match facts.cgroup_version {
        2 => ok("cgroups", text),
        0 => warn(
            "cgroups",
            "the engine does not say which version it uses",
            "check /sys/fs/cgroup on its machine",
        ),
        _ => warn(
            "cgroups",
            text,
            "systemd 258 and newer and the kubelet from 1.35 need version 2: use older images in nodes, or boot \
             with systemd.unified_cgroup_hierarchy=1",
        ),
    }
}

fn storage(facts: &Facts) -> Check {
    let store = if facts.containerd_store { "containerd's image store" } else { "graph driver" };
    let text = format!("{} ({store})", facts.storage_driver);
    if facts.storage_driver == "vfs" {
        return warn("storage", text, "`vfs` copies every layer: expect much disk and slow starts");
    }
    ok("storage", text)
}

fn runtimes(facts: &Facts) -> Check {
    let text = facts.runtimes.join(", ");
    if facts.runtimes.iter().any(|name| name == "sysbox-runc") {
        return ok("runtimes", text);
    }
    ok("runtimes", format!("{text} (no sysbox-runc: nodes of kind `sysbox` need it)"))
}

fn inotify(host: &HostFacts) -> Check {
    let (Some(instances), Some(watches)) = (host.inotify_instances, host.inotify_watches) else {
        return warn("inotify", "the limits cannot be read", "look at /proc/sys/fs/inotify");
    };
    let text = format!("{instances} instances, {watches} watches");
    if instances >= INOTIFY_INSTANCES && watches >= INOTIFY_WATCHES {
        return ok("inotify", text);
    }
    warn(
        "inotify",
        text,
        format!(
            "all levels share them: sysctl fs.inotify.max_user_instances={INOTIFY_INSTANCES} \
             fs.inotify.max_user_watches={INOTIFY_WATCHES}"
        ),
    )
}

fn disk(facts: &Facts, host: &HostFacts) -> Check {
    let Some((free, size)) = host.disk else {
        return warn(
            "disk",
            format!("{} cannot be looked at", facts.data_root),
            "check its free space by hand",
        );
    };
    let gib = |bytes: u64| format!("{}.{}", bytes >> 30, ((bytes % (1 << 30)) * 10) >> 30);
    let text = format!("{} GiB of {} GiB free for {}", gib(free), gib(size), facts.data_root);
    let advice = "free some space: each inner engine keeps its own copy of every image";
    if free < DISK_FAIL {
        fail("disk", text, advice)
    } else if free < DISK_WARN {
        warn("disk", text, advice)
    } else {
        ok("disk", text)
    }
}

fn device(path: &'static str, fact: DeviceFact, load: &str) -> Check {
    let used = "rootless engines inside nodes need it";
    match fact {
        DeviceFact::Mode(mode) if mode & 0o006 == 0o006 => ok(path, format!("mode {mode:04o}")),
        DeviceFact::Mode(mode) => warn(
            path,
            format!("mode {mode:04o}: only root can open it"),
            format!("{used}: chmod 0666 {path}"),
        ),
        DeviceFact::Missing => warn(path, "not there", format!("{used}: {load}")),
        DeviceFact::NotADevice => warn(path, "not a device", format!("{used}: remove it, then {load}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (Facts, HostFacts) {
        let facts = Facts {
            version: "29.0.0".into(),
            api_version: "1.52".into(),
            os: "linux".into(),
            arch: "amd64".into(),
            cgroup_version: 2,
            cgroup_driver: "systemd".into(),
            runtimes: vec!["runc".into()],
            storage_driver: "overlay2".into(),
            data_root: "/var/lib/docker".into(),
            ..Facts::default()
        };
        let host = HostFacts {
            inotify_instances: Some(1024),
            inotify_watches: Some(1 << 20),
            disk: Some((50 << 30, 100 << 30)),
            tun: DeviceFact::Mode(0o666),
            fuse: DeviceFact::Mode(0o666),
        };
        (facts, host)
    }

    fn bad_ones(facts: &Facts, host: Option<&HostFacts>) -> Vec<(&'static str, Verdict)> {
        let all = checks("unix:///x", facts, host);
        let bad = all.iter().filter(|check| check.verdict != Verdict::Ok);
        bad.map(|check| {
            assert!(check.advice.is_some(), "{} says what to do", check.name);
            (check.name, check.verdict)
        })
        .collect()
    }

    #[test]
    fn a_good_machine_passes_every_check() {
        let (facts, host) = good();
        assert_eq!(bad_ones(&facts, Some(&host)), []);
    }

    #[test]
    fn each_pitfall_is_found_and_answered() {
        let (mut facts, mut host) = good();
        facts.api_version = "1.40".into();
        facts.security = vec!["name=rootless".into()];
        facts.cgroup_version = 1;
        facts.storage_driver = "vfs".into();
        host.inotify_instances = Some(128);
        host.disk = Some((5 << 30, 100 << 30));
        host.tun = DeviceFact::Mode(0o600);
        host.fuse = DeviceFact::Missing;
        assert_eq!(
            bad_ones(&facts, Some(&host)),
            [
                ("api", Verdict::Fail),
                ("privileged", Verdict::Warn),
                ("cgroups", Verdict::Warn),
                ("storage", Verdict::Warn),
                ("inotify", Verdict::Warn),
                ("disk", Verdict::Warn),
                ("/dev/net/tun", Verdict::Warn),
                ("/dev/fuse", Verdict::Warn),
            ]
        );
    }

    #[test]
    fn a_remote_engine_is_told_apart_from_this_machine() {
        assert_eq!(bad_ones(&good().0, None), [("machine", Verdict::Warn)]);
    }
}
