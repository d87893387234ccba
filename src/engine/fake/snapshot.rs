//! Everything on every engine as sorted lines.

use std::collections::BTreeMap;

use crate::model::observed::ObservedContainer;

use super::state::{Container, EngineIndex};
use super::world::World;

impl World {
    /// One line an object: the engine's path, the kind, the name, the state. Built-in networks and engines
    /// whose data is gone are left out; an engine whose node is gone but whose data volume is there stands
    /// under the volume's name in brackets.
    pub(super) fn snapshot(&self) -> String {
        let mut lines: Vec<String> =
            (0..self.engines.len()).flat_map(|engine| self.lines_of(engine)).collect();
        lines.sort();
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// The named volumes of an engine and of those whose data is in one of its volumes, by serial. Docker names
    /// anonymous ones by 64 hexadecimal digits.
    pub(super) fn data_of(&self, engine: EngineIndex) -> BTreeMap<String, String> {
        let state = &self.engines[engine];
        let is_named = |name: &str| name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = self.path_of(engine);
        let own = state.volumes.iter().filter(|volume| is_named(&volume.seen.name));
        let mut out: BTreeMap<String, String> =
            own.map(|volume| (volume.serial.clone(), format!("{path} {}", volume.seen.name))).collect();
        let inner = state.inside.iter().filter(|(key, _)| key.strip_prefix("volume ").is_some_and(is_named));
        inner.for_each(|(_, inner)| out.extend(self.data_of(*inner)));
        out
    }

    /// The containers of an engine and of those whose data it has.
    pub(super) fn kept_by(&self, engine: EngineIndex) -> Vec<ObservedContainer> {
        let state = &self.engines[engine];
        let inside = state.inside.values().flat_map(|inner| self.kept_by(*inner));
        state.containers.iter().map(Container::observed).chain(inside).collect()
    }

    fn lines_of(&self, engine: EngineIndex) -> Vec<String> {
        let path = self.path_of(engine);
        if path.contains("(gone)") {
            return Vec::new();
        }
        let state = &self.engines[engine];
        let containers = state.containers.iter().map(|container| {
            let health = container.health.map(|health| format!(" {}", health.as_str())).unwrap_or_default();
            let code = if container.is_up() || container.started.is_none() {
                String::new()
            } else {
                format!(" {}", container.exit_code)
            };
            format!("{path} container {} {}{code}{health}", container.name, container.state.as_str())
        });
        let networks = state.networks.iter().map(|network| &network.seen.name);
        let networks = networks.filter(|name| !["bridge", "host", "none"].contains(&name.as_str()));
        let networks = networks.map(|name| format!("{path} network {name}"));
        let volumes = state.volumes.iter().map(|volume| format!("{path} volume {}", volume.seen.name));
        containers.chain(networks).chain(volumes).collect()
    }
}
