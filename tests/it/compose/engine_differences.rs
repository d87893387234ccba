//! Where what the engine reports may differ from the peer's, and why. Nothing else may.

/// A place where the two may differ.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    /// Object and keys, parted by dots; `*` is any text.
    pub(super) at: &'static str,
    /// Why it is right.
    pub(super) why: &'static str,
}

/// In what the engine reports.
pub(super) const ENGINE: &[Difference] = &[
    Difference {
        at: "network *.IPAM.Options",
        why: "in the specification; Compose 2.40 drops `ipam.options`",
    },
    Difference {
        at: "container use-api-socket-a-1.HostConfig.Binds",
        why: "the peer takes `/var/run/docker.sock` whatever the endpoint is; nestctl binds the one it talks to",
    },
    Difference {
        at: "container use-api-socket-a-1.HostConfig.Mounts",
        why: "the same, as a mount that must exist: a wrong path would become an empty directory",
    },
    Difference { at: "container use-api-socket-a-1.Mounts", why: "the same" },
    Difference {
        at: "container volumes-bind-recursive-a-1.HostConfig.Mounts",
        why: "`create_host_path` is true where it is not said (specification); Compose 2.40 forgets it beside \
              `recursive`",
    },
    Difference {
        at: "container volumes-bind-selinux-a-1.HostConfig.Binds",
        why: "Compose 2.40 drops `bind.selinux` of the long form: nestctl relabels, which only a short form of the \
              engine can say",
    },
    Difference { at: "container volumes-bind-selinux-a-1.HostConfig.Mounts", why: "the same" },
    Difference { at: "container volumes-bind-selinux-a-1.Mounts", why: "the same" },
    Difference {
        at: "container volumes-from-a-1.HostConfig.VolumesFrom",
        why: "the specification's `:ro`, which Compose 2.40 drops",
    },
    Difference { at: "container volumes-from-a-1.Mounts", why: "the same" },
];

/// In what an inner engine reports of a fixture as the layer of a node, beside [`ENGINE`].
pub(super) const INNER: &[Difference] = &[Difference {
    at: "container network-mode-host-a-1.Config.Hostname",
    why: "on the network of its host a container has the host's name: that of the node",
}];

/// Whether a row covers a place.
pub(super) fn covers(row: &Difference, at: &[String]) -> bool {
    let parts: Vec<&str> = row.at.split('.').collect();
    let fits = |part: &str, key: &str| match part.split_once('*') {
        Some((start, end)) => key.starts_with(start) && key[start.len()..].ends_with(end),
        None => part == key,
    };
    parts.len() == at.len() && parts.iter().zip(at).all(|(part, key)| fits(part, key))
}
