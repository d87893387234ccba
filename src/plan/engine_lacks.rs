//! What a container or a network asks for and its engine does not have: one table, asked before anything is made.
//!
//! Versions of the API are those of the Engine API's history (moby `api/docs/CHANGELOG.md`). An engine that did not
//! know a field would pass it over in silence.

use crate::model::container::{ContainerSpec, MountSource, Recursive};
use crate::model::facts::Facts;
use crate::model::network::NetworkSpec;

/// Something that an engine does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    /// The key of the service.
    pub(super) key: &'static str,
    pub(super) message: String,
    pub(super) help: String,
    /// Whether the container cannot be made; otherwise the engine leaves the wish out, and says so.
    pub(super) refused: bool,
}

/// A wish that came into the API with a version.
struct Since<T: ?Sized> {
    minor: u32,
    /// The first Docker with it.
    docker: &'static str,
    key: &'static str,
    what: &'static str,
    asked: fn(&T) -> bool,
}

const CONTAINER: &[Since<ContainerSpec>] = &[
    Since {
        minor: 43,
        docker: "24",
        key: "annotations",
        what: "annotations",
        asked: |spec| !spec.annotations.is_empty(),
    },
    Since {
        minor: 44,
        docker: "25",
        key: "healthcheck",
        what: "`start_interval` of a health check",
        asked: |spec| spec.healthcheck.as_ref().is_some_and(|check| check.start_interval.is_some()),
    },
    Since {
        minor: 44,
        docker: "25",
        key: "mac_address",
        what: "a MAC address in a network",
        asked: |spec| spec.mac_address.is_some() && spec.network_mode.is_none(),
    },
    Since {
        minor: 44,
        docker: "25",
        key: "networks",
        what: "a MAC address in a network",
        asked: |spec| spec.networks.values().any(|endpoint| endpoint.mac_address.is_some()),
    },
    Since {
        minor: 44,
        docker: "25",
        key: "volumes",
        what: "`bind.recursive: readonly` and `writable`",
        asked: |spec| {
            binds_recursively(spec, Recursive::Readonly) || binds_recursively(spec, Recursive::Writable)
        },
    },
    Since {
        minor: 45,
        docker: "26",
        key: "volumes",
        what: "`subpath` of a volume",
        asked: |spec| {
            let subpath =
                |source: &MountSource| matches!(source, MountSource::Volume { subpath: Some(_), .. });
            spec.mounts.iter().any(|mount| subpath(&mount.source))
        },
    },
    Since {
        minor: 48,
        docker: "28",
        key: "volumes",
        what: "mounts of images (`type: image`)",
        asked: |spec| spec.mounts.iter().any(|mount| matches!(mount.source, MountSource::Image { .. })),
    },
    Since {
        minor: 48,
        docker: "28",
        key: "networks",
        what: "`gw_priority` of a network",
        asked: |spec| spec.networks.values().any(|endpoint| endpoint.gw_priority != 0),
    },
    Since {
        minor: 49,
        docker: "28.1",
        key: "networks",
        what: "`interface_name` of a network",
        asked: |spec| spec.networks.values().any(|endpoint| endpoint.interface_name.is_some()),
    },
];

const NETWORK: &[Since<NetworkSpec>] = &[Since {
    minor: 47,
    docker: "27",
    key: "networks",
    what: "networks without IPv4 (`enable_ipv4`)",
    asked: |spec| spec.enable_ipv4.is_some(),
}];

fn binds_recursively(spec: &ContainerSpec, wanted: Recursive) -> bool {
    let wants = |source: &MountSource| matches!(source, MountSource::Bind { recursive: Some(word), .. } if *word == wanted);
    spec.mounts.iter().any(|mount| wants(&mount.source))
}

/// What `spec`, a container as written, asks for in vain.
pub(super) fn container(spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
    let mut out = too_old(CONTAINER, spec, facts);
    cgroups(spec, facts, &mut out);
    if !spec.storage_opt.is_empty()
        && let Some(why) = no_storage_options(facts)
    {
        out.push(Lack {
            key: "storage_opt",
            message: format!("its engine takes no storage options for a container: {why}"),
            help: "Take `storage_opt` away, or use an engine whose data lies on xfs with `pquota`."
                .to_owned(),
            refused: true,
        });
    }
    out
}

/// The same for a network.
pub(super) fn network(spec: &NetworkSpec, facts: &Facts) -> Vec<Lack> {
    too_old(NETWORK, spec, facts)
}

/// Whether a container can be made in several networks at once (API 1.44).
pub(super) fn takes_all_networks(facts: &Facts) -> bool {
    minor(facts).is_some_and(|minor| minor >= 44)
}

fn minor(facts: &Facts) -> Option<u32> {
    facts.api_version.strip_prefix("1.").and_then(|minor| minor.parse().ok())
}

fn too_old<T>(table: &[Since<T>], spec: &T, facts: &Facts) -> Vec<Lack> {
    let Some(minor) = minor(facts) else { return Vec::new() };
    table
        .iter()
        .filter(|row| minor < row.minor && (row.asked)(spec))
        .map(|row| Lack {
            key: row.key,
            message: format!(
                "its engine has no {}: that came with API 1.{}, and this one serves {}",
                row.what, row.minor, facts.api_version
            ),
            help: format!("Take it away, or use an engine of Docker {} or newer.", row.docker),
            refused: true,
        })
        .collect()
}

/// Why a storage driver takes no options (moby `daemon/graphdriver`: `overlay2` has quotas over xfs alone).
fn no_storage_options(facts: &Facts) -> Option<String> {
    match facts.storage_driver.as_str() {
        "fuse-overlayfs" => Some("its storage driver `fuse-overlayfs` has none".to_owned()),
        "overlay2" if !matches!(facts.backing_filesystem.as_str(), "" | "xfs") => {
            Some(format!("`overlay2` has quotas over xfs, not over {}", facts.backing_filesystem))
        }
        _ => None,
    }
}

/// What only the first version of control groups can do (moby `daemon/daemon_unix.go`,
/// `verifyPlatformContainerResources`: the real-time scheduler is an error, the others are left out with a warning).
fn cgroups(spec: &ContainerSpec, facts: &Facts, out: &mut Vec<Lack>) {
    let Some(resources) = spec.resources.as_deref().filter(|_| facts.cgroup_version == 2) else { return };
    for (key, asked, refused) in [
        ("cpu_rt_period", resources.cpu_rt_period.is_some_and(|period| period != 0), true),
        ("cpu_rt_runtime", resources.cpu_rt_runtime.is_some_and(|runtime| runtime != 0), true),
        ("mem_swappiness", resources.mem_swappiness.is_some(), false),
        ("oom_kill_disable", resources.oom_kill_disable, false),
    ] {
        if asked {
            let verdict = if refused { "cannot have" } else { "does nothing with" };
            out.push(Lack {
                key,
                message: format!(
                    "its engine {verdict} `{key}`: that is of cgroup v1, and its kernel runs v2"
                ),
                help: format!("Take `{key}` away."),
                refused,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::container::{Endpoint, Healthcheck, Mount};
    use crate::model::label::Labels;
    use crate::model::resources::Resources;

    fn facts(api: &str) -> Facts {
        Facts { api_version: api.to_owned(), cgroup_version: 2, ..Facts::default() }
    }

    fn keys(spec: &ContainerSpec, api: &str) -> Vec<&'static str> {
        container(spec, &facts(api)).iter().map(|lack| lack.key).collect()
    }

    #[test]
    fn every_wish_is_refused_below_its_version_and_taken_from_it_on() {
        let image = MountSource::Image { image: "x".to_owned(), subpath: None };
        let endpoint = Endpoint {
            gw_priority: 1,
            interface_name: Some("lan".to_owned()),
            mac_address: Some("02:42:ac:11:65:43".to_owned()),
            ..Endpoint::default()
        };
        let spec = ContainerSpec {
            annotations: [("a".to_owned(), "b".to_owned())].into(),
            mac_address: Some("02:42:ac:11:65:43".to_owned()),
            healthcheck: Some(Box::new(Healthcheck {
                start_interval: Some(Duration::from_secs(1)),
                ..Healthcheck::default()
            })),
            mounts: vec![
                Mount::new("/i", image, true),
                Mount::new(
                    "/v",
                    MountSource::Volume {
                        name: Some("v".to_owned()),
                        nocopy: false,
                        subpath: Some("s".to_owned()),
                        labels: Labels::new(),
                    },
                    false,
                ),
            ],
            networks: [("n".to_owned(), endpoint)].into_iter().collect(),
            ..ContainerSpec::default()
        };
        let all = [
            "annotations",
            "healthcheck",
            "mac_address",
            "networks",
            "volumes",
            "volumes",
            "networks",
            "networks",
        ];
        assert_eq!(keys(&spec, "1.42"), all);
        assert_eq!(keys(&spec, "1.43"), all[1..]);
        assert_eq!(keys(&spec, "1.44"), all[4..]);
        assert_eq!(keys(&spec, "1.45"), all[5..]);
        assert_eq!(keys(&spec, "1.48"), all[7..]);
        assert_eq!(keys(&spec, "1.49"), [""; 0]);
        assert_eq!(keys(&ContainerSpec::default(), "1.24"), [""; 0]);
    }

    #[test]
    fn what_is_of_cgroup_v1_is_refused_or_warned_of() {
        let resources = Resources {
            cpu_rt_period: Some(1000),
            mem_swappiness: Some(0),
            oom_kill_disable: true,
            ..Resources::default()
        };
        let spec = ContainerSpec { resources: Some(Box::new(resources)), ..ContainerSpec::default() };
        let found: Vec<_> =
            container(&spec, &facts("1.49")).iter().map(|lack| (lack.key, lack.refused)).collect();
        assert_eq!(found, [("cpu_rt_period", true), ("mem_swappiness", false), ("oom_kill_disable", false)]);
        assert_eq!(container(&spec, &Facts { cgroup_version: 1, ..facts("1.49") }), []);
    }

    #[test]
    fn storage_options_need_a_driver_that_has_some() {
        let spec = ContainerSpec {
            storage_opt: [("size".to_owned(), "1G".to_owned())].into(),
            ..ContainerSpec::default()
        };
        for (driver, under, refused) in [
            ("overlay2", "extfs", true),
            ("overlay2", "xfs", false),
            ("overlay2", "", false),
            ("fuse-overlayfs", "extfs", true),
            ("btrfs", "", false),
        ] {
            let facts = Facts {
                storage_driver: driver.to_owned(),
                backing_filesystem: under.to_owned(),
                ..facts("1.45")
            };
            assert_eq!(!container(&spec, &facts).is_empty(), refused, "{driver} over {under}");
        }
    }

    #[test]
    fn a_network_without_ipv4_needs_a_new_engine() {
        let spec = NetworkSpec { enable_ipv4: Some(false), ..NetworkSpec::default() };
        assert_eq!(network(&spec, &facts("1.46")).len(), 1);
        assert_eq!(network(&spec, &facts("1.47")), []);
    }
}
