//! Where what the engine reports may differ from the peer's, and why. Nothing else may.

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
        at: "container use-api-socket-a-1.HostConfig.Binds",
        why: "`use_api_socket` is a way to \"the underlying container engine\" (05-services.md): the socket that nestctl \
              talks to. The peer writes /var/run/docker.sock into its model whatever the endpoint is (`apiSocket.go`, \
              \"temporary implementation\"): on the test engine that is no socket, and the bind makes a directory there",
    },
    Difference {
        at: "container use-api-socket-a-1.HostConfig.Mounts",
        why: "the same, as a mount that must exist: a wrong path would become an empty directory",
    },
    Difference { at: "container use-api-socket-a-1.Mounts", why: "the same" },
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
    Difference {
        at: "container volumes-from-a-1.HostConfig.VolumesFrom",
        why: "`SERVICE:ro` is read-only access (05-services.md, volumes_from); the peer cuts the text at the first colon \
              (`resolveVolumeFrom`, to Compose 5.5), and what is to be read only is written to",
    },
    Difference { at: "container volumes-from-a-1.Mounts", why: "the same" },
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
