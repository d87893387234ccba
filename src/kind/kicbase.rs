//! `kicbase`: a `systemd` node with minikube's image and options.
//!
//! Source: ENGINES.md 2d (minikube `pkg/drivers/kic/oci/oci.go`, `CreateContainerNode`), 8.

use super::kind::{Hosting, Kind, NodeInput, Profile};
use super::{dind, fill, systemd};

/// minikube's image at the commit of the sheet, without its digest, so that one name serves every architecture.
const IMAGE: &str = "gcr.io/k8s-minikube/kicbase-builds:v0.0.50-1787134061-23516";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "kicbase",
    doc: "minikube's node image: a VM-like node with systemd, sshd (user `docker`) and its own dockerd.",
    default_image: Some(IMAGE),
    options: systemd::OPTIONS,
    hosting: Hosting::Own,
    socket: Some(dind::SOCKET),
    profile,
    check: systemd::check,
};

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    systemd::as_machine(&mut spec, input);
    fill::tmpfs(&mut spec, "/tmp", "");
    spec.hostname.get_or_insert_with(|| input.name.to_owned());
    let data = fill::data(&mut spec, input, &[("/var", "var")], "");
    systemd::machine(input, spec, data)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kind::kind::DataVolume;
    use crate::kind::test_node::Node;
    use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource};
    use crate::model::map::Map;

    /// The sheet's `docker run` line without its ports, labels, network and limits, which the file or the planner
    /// gives, and with `--cgroupns=private --init=false --stop-timeout` of ENGINES.md 8.
    #[test]
    fn the_container_is_minikubes() {
        let tmpfs = |target: &str| Mount {
            target: target.to_owned(),
            source: MountSource::Tmpfs { options: String::new() },
            read_only: false,
            consistency: None,
        };
        let modules = Mount {
            target: "/lib/modules".to_owned(),
            source: MountSource::bind(BindPath::Engine("/lib/modules".to_owned()), true),
            read_only: true,
            consistency: None,
        };
        let expected = ContainerSpec {
            image: IMAGE.to_owned(),
            environment: Map::from_iter([("container".to_owned(), Some("docker".to_owned()))]),
            hostname: Some("vm1".to_owned()),
            tty: true,
            init: Some(false),
            privileged: true,
            security_opt: vec!["seccomp=unconfined".to_owned(), "apparmor=unconfined".to_owned()],
            cgroup: Some("private".to_owned()),
            stop_signal: Some("SIGRTMIN+3".to_owned()),
            stop_grace_period: Some(Duration::from_secs(60)),
            mounts: vec![tmpfs("/run"), modules, tmpfs("/tmp")],
            ..ContainerSpec::default()
        };
        let profile = profile(&Node::default().input());
        assert_eq!(profile.spec, expected);
        assert_eq!(profile.data, [DataVolume { target: "/var".to_owned(), layout: "var" }]);
        assert_eq!(profile.boot, Some(systemd::BOOTED));
    }

    #[test]
    fn the_host_name_of_the_file_wins() {
        let mut node = Node::default();
        node.spec.hostname = Some("other".to_owned());
        assert_eq!(profile(&node.input()).spec.hostname.as_deref(), Some("other"));
    }
}
