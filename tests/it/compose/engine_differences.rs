//! Where what the engine reports may differ from the peer's, and why: names, and what the specification says by now. Nothing else
//! may; where the peer contradicts the text that it had, see `against`.

/// A place where the two may differ.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    /// Object and keys, parted by dots; `*` is any text.
    pub(super) at: &'static str,
    /// Why it is right.
    pub(super) why: &'static str,
}

/// In what the engine reports. Compose 2.40.3 reads files with compose-go 2.9.1.
pub(super) const ENGINE: &[Difference] = &[
    Difference {
        at: "network *.IPAM.Options",
        why: "`options` of `ipam` (06-networks.md, ipam): a newer specification, read since compose-go 2.12 (Compose 5.2)",
    },
    Difference {
        at: "container volumes-bind-recursive-a-1.HostConfig.Mounts",
        why: "`create_host_path` \"defaults to `true`\" (05-services.md, volumes), also beside other keys of `bind`: so \
              since compose-go 2.10.1 (Compose 5.1, `defaultVolumeBind`); before, a `bind` without it meant `false`",
    },
    Difference {
        at: "container volumes-bind-selinux-a-1.HostConfig.Binds",
        why: "the same default: with it a long bind is made in the engine's short form, which alone can say `selinux` \
              (`bindRequiresMountAPI`); without it the peer takes the form of a mount, and `selinux` is lost",
    },
    Difference { at: "container volumes-bind-selinux-a-1.HostConfig.Mounts", why: "the same" },
    Difference { at: "container volumes-bind-selinux-a-1.Mounts", why: "the same" },
];

/// In what an inner engine reports of a fixture as the layer of a node, beside [`ENGINE`].
pub(super) const INNER: &[Difference] = &[Difference {
    at: "container network-mode-host-a-1.Config.Hostname",
    why: "a name: on the network of its host a container has the host's, and inside a node the host is the node",
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
