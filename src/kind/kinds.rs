//! The table of kinds.

use super::kind::Kind;
use super::{dind, dind_rootless, kicbase, podman, socket, sysbox, systemd, tcp};

/// Every kind, in the order in which help shows them.
pub const KINDS: &[&Kind] = &[
    &socket::KIND,
    &tcp::KIND,
    &dind::KIND,
    &dind_rootless::KIND,
    &systemd::KIND,
    &kicbase::KIND,
    &sysbox::KIND,
    &podman::KIND,
];

/// The kind with this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kind::kind::Hosting;
    use crate::kind::kind::START_SCRIPT;
    use crate::kind::test_node::Node;
    use crate::model::dial::Dial;
    use crate::model::service::DataRoot;

    #[test]
    fn every_kind_is_found_by_its_own_name_only() {
        let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        for kind in KINDS {
            assert_eq!(find(kind.name).map(|found| found.name), Some(kind.name));
        }
        assert!(find("docker").is_none());
    }

    #[test]
    fn a_plain_node_of_every_kind_is_accepted() {
        for kind in KINDS {
            let node = Node::plain(kind.name);
            assert_eq!((kind.check)(&node.input(), None), [], "{}", kind.name);
        }
    }

    #[test]
    fn the_image_of_the_file_wins_and_the_default_fills_in() {
        for kind in KINDS {
            let mut node = Node::plain(kind.name);
            node.spec.image = String::new();
            assert_eq!((kind.profile)(&node.input()).spec.image, kind.default_image.unwrap_or(""));
            node.spec.image = "mine:1".to_owned();
            assert_eq!((kind.profile)(&node.input()).spec.image, "mine:1");
        }
    }

    #[test]
    fn what_the_start_needs_is_not_hidden_by_a_mount() {
        for kind in KINDS {
            let profile = (kind.profile)(&Node::plain(kind.name).input());
            for file in &profile.files {
                let hides = |target: &str| file.path.starts_with(&format!("{target}/"));
                assert!(!profile.spec.mounts.iter().any(|mount| hides(&mount.target)), "{}", file.path);
                assert!(!profile.data.iter().any(|data| hides(&data.target)), "{}", file.path);
            }
            if let Some(wrapper) = &profile.spec.wrapper {
                assert_eq!(wrapper, START_SCRIPT);
                let script = profile.files.iter().find(|file| file.path == START_SCRIPT);
                assert_eq!(script.map(|file| file.mode), Some(0o755), "{}", kind.name);
            }
        }
    }

    #[test]
    fn an_engine_of_its_own_has_a_socket_data_and_an_exec_dial() {
        for kind in KINDS {
            let profile = (kind.profile)(&Node::plain(kind.name).input());
            assert_eq!(kind.hosting == Hosting::Own, kind.socket.is_some(), "{}", kind.name);
            assert_eq!(kind.hosting == Hosting::Own, !profile.data.is_empty(), "{}", kind.name);
            if let (Some(socket), Dial::Exec { argv, .. }) = (kind.socket, &profile.dial) {
                assert_eq!(argv.last().map(String::as_str), Some(socket));
            }
        }
    }

    #[test]
    fn a_data_root_in_memory_has_no_volume() {
        for kind in KINDS.iter().filter(|kind| kind.hosting == Hosting::Own) {
            let mut node = Node::plain(kind.name);
            let volumes = (kind.profile)(&node.input()).data;
            node.options.data = DataRoot::Tmpfs;
            let profile = (kind.profile)(&node.input());
            assert_eq!(profile.data, []);
            for volume in volumes {
                assert!(profile.spec.mounts.iter().any(|mount| mount.target == volume.target));
            }
        }
    }
}
