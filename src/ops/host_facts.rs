//! What this machine offers to an engine that runs on it.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

/// Facts about this machine. `None` where it does not say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// `fs.inotify.max_user_instances`.
    pub inotify_instances: Option<u64>,
    /// `fs.inotify.max_user_watches`.
    pub inotify_watches: Option<u64>,
    /// Free bytes where the engine keeps its data, and the size of that file system.
    pub disk: Option<(u64, u64)>,
    /// /dev/net/tun.
    pub tun: DeviceFact,
    /// /dev/fuse.
    pub fuse: DeviceFact,
}

/// A device file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeviceFact {
    /// Not there.
    #[default]
    Missing,
    /// There, but not a character device.
    NotADevice,
    /// There, with these permission bits.
    Mode(u32),
}

/// Looks at this machine. `data_root`: where the engine keeps its data.
pub fn host_facts(data_root: &str) -> HostFacts {
    HostFacts {
        inotify_instances: read_number("/proc/sys/fs/inotify/max_user_instances"),
        inotify_watches: read_number("/proc/sys/fs/inotify/max_user_watches"),
        disk: disk(data_root).ok(),
        tun: device("/dev/net/tun"),
        fuse: device("/dev/fuse"),
    }
}

fn read_number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn disk(data_root: &str) -> io::Result<(u64, u64)> {
    // The data root itself is closed to ordinary users; the nearest directory that can be asked is mostly on the
    // same file system.
    let mut path = Path::new(data_root);
    loop {
        match rustix::fs::statvfs(path) {
            Ok(stat) => return Ok((stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize)),
            Err(error) => path = path.parent().ok_or(error)?,
        }
    }
}

fn device(path: &str) -> DeviceFact {
    match std::fs::metadata(path) {
        Err(_) => DeviceFact::Missing,
        Ok(meta) if meta.file_type().is_char_device() => DeviceFact::Mode(meta.permissions().mode() & 0o777),
        Ok(_) => DeviceFact::NotADevice,
    }
}

/// Addresses of this machine's resolvers.
pub fn resolvers() -> Vec<String> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    parse_resolvers(&text)
}

fn parse_resolvers(text: &str) -> Vec<String> {
    let servers = text.lines().filter_map(|line| line.strip_prefix("nameserver")).map(str::trim);
    servers.filter(|server| !server.starts_with("127.")).map(str::to_owned).collect()
}

/// Networks (IPv4, CIDR) that this machine has routes to, without the default route.
pub fn routes() -> Vec<String> {
    parse_routes(&std::fs::read_to_string("/proc/net/route").unwrap_or_default())
}

/// Reads /proc/net/route: destination and mask are hexadecimal in the byte order of the machine (little endian on
/// all that engines run on; `net/ipv4/fib_trie.c`, `fib_route_seq_show`).
fn parse_routes(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let number = |i: usize| fields.get(i).and_then(|text| u32::from_str_radix(text, 16).ok());
        if let (Some(destination), Some(mask)) = (number(1), number(7))
            && mask != 0
        {
            let address = std::net::Ipv4Addr::from(destination.swap_bytes());
            out.push(format!("{address}/{}", mask.count_ones()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_resolvers_are_read_as_the_kernel_and_libc_write_them() {
        let routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                      eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                      eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
                      docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        assert_eq!(parse_routes(routes), ["10.0.0.0/24", "172.17.0.0/16"]);
        let resolv = "# by hand\nnameserver 10.201.0.53\nsearch x\nnameserver 127.0.0.53\n";
        assert_eq!(parse_resolvers(resolv), ["10.201.0.53"]);
    }
}
