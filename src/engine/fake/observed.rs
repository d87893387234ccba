//! What the engine says of what it has: in its lists, of one container, and of a log.

use bytes::Bytes;

use crate::engine::engine::{LogOptions, OutputKind};
use crate::model::observed::{
    ContainerDetail, ContainerState, Observed, ObservedContainer, ObservedEndpoint, ObservedMount,
};

use super::clock;
use super::images::Image;
use super::state::{Container, EngineState, MountedWhat};

impl EngineState {
    pub(super) fn observed(&self) -> Observed {
        Observed {
            containers: self.containers.iter().map(Container::observed).collect(),
            networks: self.networks.iter().map(|network| network.seen.clone()).collect(),
            volumes: self.volumes.iter().map(|volume| volume.seen.clone()).collect(),
            images: self.images.iter().map(Image::observed).collect(),
        }
    }
}

impl Container {
    pub(super) fn observed(&self) -> ObservedContainer {
        let mounts = self.mounts.iter().filter_map(|mount| {
            let (volume, source) = match &mount.what {
                MountedWhat::Volume { name, .. } => {
                    (Some(name.clone()), format!("/var/lib/docker/volumes/{name}/_data"))
                }
                MountedWhat::Bind(path) => (None, path.clone()),
                // Docker does not list what `--tmpfs` asked for.
                MountedWhat::Tmpfs(_) => return None,
            };
            Some(ObservedMount { volume, source, target: mount.target.clone() })
        });
        let (networks, ports) =
            self.stale.as_ref().map_or((&self.networks, &self.ports), |(networks, ports)| (networks, ports));
        ObservedContainer {
            id: self.id.clone(),
            name: self.name.clone(),
            image: self.image.clone(),
            image_id: self.image_id.clone(),
            state: self.state,
            health: self.health,
            exit_code: (self.state == ContainerState::Exited).then_some(self.exit_code),
            labels: self.labels.clone(),
            ports: ports.clone(),
            networks: networks
                .iter()
                .map(|(name, joined)| {
                    let endpoint = ObservedEndpoint {
                        network: joined.network.clone().unwrap_or_default(),
                        // A fixed one is listed before the first start.
                        address: joined.listed_address(self.started.is_none() && self.error.is_empty()),
                    };
                    (name.clone(), endpoint)
                })
                .collect(),
            mounts: mounts.collect(),
            created: self.created,
        }
    }

    pub(super) fn detail(&self) -> ContainerDetail {
        let time = |time: Option<i64>| time.map_or_else(|| NEVER.to_owned(), clock::rfc3339);
        ContainerDetail {
            id: self.id.clone(),
            state: self.state,
            health: self.health,
            health_output: self.health.map(|health| format!("the check says {}", health.as_str())),
            exit_code: self.exit_code,
            error: self.error.clone(),
            oom_killed: false,
            restarts: self.restarts,
            started_at: time(self.started),
            finished_at: time(self.finished),
            tty: self.spec.tty,
            pid: if self.is_up() { 1_000 + self.created - clock::BASE } else { 0 },
        }
    }

    pub(super) fn lines(&self, options: &LogOptions, now: i64) -> Vec<(OutputKind, Bytes)> {
        let since =
            options.since.as_deref().and_then(|text| clock::parse_start(text, now)).unwrap_or(i64::MIN);
        let until = options.until.as_deref().and_then(|text| clock::parse(text, now)).unwrap_or(i64::MAX);
        let mut lines: Vec<_> = self.log.iter().filter(|(at, _, _)| (since..=until).contains(at)).collect();
        if let Some(tail) = options.tail {
            let tail = usize::try_from(tail).unwrap_or(usize::MAX);
            lines.drain(..lines.len().saturating_sub(tail));
        }
        let text = |at: i64, line: &str| {
            if options.timestamps { format!("{} {line}\n", clock::rfc3339(at)) } else { format!("{line}\n") }
        };
        lines.into_iter().map(|(at, kind, line)| (*kind, Bytes::from(text(*at, line)))).collect()
    }
}

/// What Docker says of a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";
