//! What an engine leaves in the kernel when it goes: bridges, packet filter rules, settings, cgroups.
//!
//! Owns a note of how things were before the engine started, and putting them back. Everything else that the engine
//! makes (processes, mounts, network namespaces) ends with its first process.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::shell::{Cmd, Result, make_dir, remove_dir, wait_for, write_file};

const SETTINGS: &[&str] = &[
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv6/conf/default/forwarding",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
];
const TABLES: &[&str] = &["filter", "nat", "mangle", "raw"];

/// Notes how things are, unless an engine of this boot has been noted already.
pub(crate) fn note(state: &Path, tree: &Path) -> Result<()> {
    let dir = state.join("before");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    if fs::read_to_string(dir.join("boot")).is_ok_and(|noted| noted == boot) {
        return Ok(());
    }
    remove_dir(&dir)?;
    make_dir(&dir)?;
    write_file(&dir.join("tree"), &tree.to_string_lossy())?;
    write_file(&dir.join("links"), &links().join("\n"))?;
    for setting in SETTINGS {
        if let Ok(value) = fs::read_to_string(Path::new("/proc/sys").join(setting)) {
            write_file(&dir.join(setting.replace('/', ".")), &value)?;
        }
    }
    for (program, table) in filters() {
        // A kernel without the table has nothing to put back.
        if let Ok(rules) =
            Cmd::new("chroot").arg(tree).args([&*format!("{program}-save"), "-t", table]).read()
        {
            write_file(&dir.join(format!("{program}.{table}")), &rules)?;
        }
    }
    // Last: a note without it is taken anew.
    write_file(&dir.join("boot"), &boot)
}

/// Puts everything back as it was noted. Goes on past what cannot be put back, and says so.
pub(crate) fn remove(state: &Path) {
    let dir = state.join("before");
    if !dir.join("boot").exists() {
        return;
    }
    // The tree of that engine has the programs; this machine may have none of them.
    let tree = fs::read_to_string(dir.join("tree")).unwrap_or_default();
    let before = fs::read_to_string(dir.join("links")).unwrap_or_default();
    let in_tree = |program: &str| Cmd::new("chroot").arg(&tree).arg(program);
    let mut left = Vec::new();
    for link in links().iter().filter(|link| !before.lines().any(|old| old == *link) && is_engines(link)) {
        let deleted = in_tree("ip").args(["link", "delete", link]).read();
        // The kernel takes away the ends of ended containers itself, and may just have done so.
        left.extend(deleted.err().filter(|_| Path::new("/sys/class/net").join(link).exists()));
    }
    for (program, table) in filters() {
        if let Ok(rules) = fs::read(dir.join(format!("{program}.{table}"))) {
            left.extend(in_tree(&format!("{program}-restore")).args(["-T", table]).feed(&rules).err());
        }
    }
    for setting in SETTINGS {
        if let Ok(value) = fs::read_to_string(dir.join(setting.replace('/', "."))) {
            left.extend(write_file(&Path::new("/proc/sys").join(setting), &value).err());
        }
    }
    // The kernel needs a moment until the groups of ended processes are empty.
    let gone = wait_for("the end of the engine's cgroups", Duration::from_secs(5), || {
        Ok(cgroups().iter().all(|group| remove_group(group)).then_some(()))
    });
    left.extend(gone.err());
    for error in left {
        eprintln!("warning: the engine left something behind: {error}");
    }
}

fn filters() -> impl Iterator<Item = (&'static str, &'static str)> {
    ["iptables", "ip6tables"]
        .into_iter()
        .flat_map(|program| TABLES.iter().map(move |table| (program, *table)))
}

fn links() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/class/net") else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The names that engines give to what they make in the host's network.
fn is_engines(link: &str) -> bool {
    let is_network = link.strip_prefix("br-").is_some_and(|id| id.len() == 12);
    is_network || link.starts_with("veth") || ["docker0", "docker_gwbridge"].contains(&link)
}

/// The engine's own group, in each hierarchy of version 1 or in the one of version 2.
fn cgroups() -> Vec<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let below = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = below.chain([root.to_path_buf()]).map(|hierarchy| hierarchy.join("docker"));
    all.filter(|group| group.is_dir()).collect()
}

/// Removes a group from the inside out. The kernel refuses where a process is left.
fn remove_group(group: &Path) -> bool {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    fs::remove_dir(group).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_engines;

    #[test]
    fn only_links_that_engines_name_are_taken_for_theirs() {
        for link in ["docker0", "docker_gwbridge", "br-0123456789ab", "veth12ab34c"] {
            assert!(is_engines(link), "{link}");
        }
        for link in ["eth0", "lo", "br-lan", "br0", "virbr0"] {
            assert!(!is_engines(link), "{link}");
        }
    }
}
