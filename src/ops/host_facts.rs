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
