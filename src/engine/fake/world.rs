//! The tree of engines, the script and the log: one lock over all of it.

use std::collections::BTreeMap;

use crate::engine::engine::EngineEvent;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;

use super::behaviour::{Behaviour, Boot};
use super::call::{Call, Happening};
use super::clock;
use super::fault::{Fault, Rule};
use super::images::Image;
use super::state::{Container, EngineIndex, EngineState};

/// The whole world of one test.
pub(super) struct World {
    /// The root is the first. An engine whose data is gone stays here, empty and unreachable.
    pub(super) engines: Vec<EngineState>,
    /// What a registry serves, to every engine.
    pub(super) registry: Vec<Image>,
    pub(super) behaviours: BTreeMap<String, Behaviour>,
    pub(super) rules: Vec<Rule>,
    pub(super) calls: Vec<Call>,
    pub(super) happenings: Vec<Happening>,
    /// Calls under way and the most there ever were, by engine path.
    pub(super) in_flight: BTreeMap<String, (usize, usize)>,
    /// State of the random sequence that shuffles calls; 0: none.
    pub(super) shuffle: u64,
    pub(super) now: i64,
    /// What happens now happens of the engines' own.
    pub(super) by_engine: bool,
    next_id: u64,
}

/// Where an engine is: the containers around it, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(pub(super) Vec<String>);

impl World {
    pub(super) fn new(name: &str) -> Self {
        let mut world = Self {
            engines: Vec::new(),
            registry: Vec::new(),
            behaviours: BTreeMap::new(),
            rules: Vec::new(),
            calls: Vec::new(),
            happenings: Vec::new(),
            in_flight: BTreeMap::new(),
            shuffle: 0,
            now: clock::BASE,
            by_engine: false,
            next_id: 0,
        };
        let id = world.new_id();
        world.engines.push(EngineState::new(id, name, false, false));
        world
    }

    /// 64 hexadecimal digits that differ in the first twelve, as Docker's IDs do.
    pub(super) fn new_id(&mut self) -> String {
        self.next_id += 1;
        super::images::digits(&format!("id {}", self.next_id))
    }

    pub(super) fn tick(&mut self) -> i64 {
        self.now += 1;
        self.now
    }

    pub(super) fn behaviour(&self, container: &Container) -> Behaviour {
        let by_image = || {
            let found = self
                .behaviours
                .iter()
                .find(|(key, _)| crate::model::image::ImageRef::same(key, &container.spec.image));
            found.map(|(_, behaviour)| behaviour)
        };
        let found = self.behaviours.get(&container.name).or_else(by_image);
        found.or_else(|| self.behaviours.get(&container.image)).cloned().unwrap_or_default()
    }

    /// The engine at a place, without asking whether it answers; `None` where a container is missing. An
    /// engine that was never asked for is made here.
    pub(super) fn engine_at(&mut self, place: &Place) -> Option<EngineIndex> {
        let mut engine = 0;
        for container in &place.0 {
            engine = self.engine_in(engine, container)?;
        }
        Some(engine)
    }

    /// The engine inside a container.
    pub(super) fn engine_in(&mut self, outer: EngineIndex, container: &str) -> Option<EngineIndex> {
        let index = self.engines[outer].find(container)?;
        let behaviour = self.behaviour(&self.engines[outer].containers[index]);
        if let Boot::Elsewhere(other) = &behaviour.boot {
            return if other == container { None } else { self.engine_in(outer, other) };
        }
        let key = self.engines[outer].containers[index].data_key();
        if let Some(inner) = self.engines[outer].inside.get(&key) {
            return Some(*inner);
        }
        let id = self.new_id();
        let name = self.engines[outer].containers[index].name.clone();
        self.engines.push(EngineState::new(id, &name, behaviour.containerd_store, behaviour.podman));
        let inner = self.engines.len() - 1;
        self.engines[outer].inside.insert(key, inner);
        Some(inner)
    }

    /// Names in place of the IDs of a place, for the log.
    pub(super) fn path(&mut self, place: &Place) -> String {
        let mut path = String::new();
        let mut engine = Some(0);
        for container in &place.0 {
            let name = engine.and_then(|engine| {
                let state = &self.engines[engine];
                state.find(container).map(|index| state.containers[index].name.clone())
            });
            path.push('/');
            path.push_str(name.as_deref().unwrap_or(container));
            engine = engine.and_then(|engine| self.engine_in(engine, container));
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }

    /// The engine at a place if it answers. `Err(None)`: it never will, and the call hangs.
    pub(super) fn reach(
        &mut self,
        place: &Place,
        op: &'static str,
        target: &str,
    ) -> Result<EngineIndex, Option<EngineError>> {
        let mut engine = 0;
        for container in &place.0 {
            engine = self.enter(engine, container, op, target)?;
        }
        Ok(engine)
    }

    fn enter(
        &mut self,
        outer: EngineIndex,
        container: &str,
        op: &'static str,
        target: &str,
    ) -> Result<EngineIndex, Option<EngineError>> {
        let broken = |why: String| Some(EngineError::new(op, target, FailureKind::Unreachable, why));
        let Some(index) = self.engines[outer].find(container) else {
            return Err(broken(format!("No such container: {container}")));
        };
        let behaviour = self.behaviour(&self.engines[outer].containers[index]);
        let node = &mut self.engines[outer].containers[index];
        if node.state != crate::model::observed::ContainerState::Running {
            return Err(broken(format!("container {} is not running", node.name)));
        }
        match behaviour.boot {
            Boot::Never => return Err(broken(format!("the daemon in {} does not run", node.name))),
            Boot::Hangs => return Err(None),
            Boot::AfterCalls(_) if node.boot_left > 0 => {
                node.boot_left -= 1;
                return Err(broken(format!("the daemon in {} is not up yet", node.name)));
            }
            Boot::Elsewhere(other) if other != container => return self.enter(outer, &other, op, target),
            Boot::AtOnce | Boot::AfterCalls(_) | Boot::Elsewhere(_) => {}
        }
        let inner = self.engine_in(outer, container).expect("the container was found above");
        if self.engines[inner].serves {
            return Ok(inner);
        }
        Err(broken(format!("the daemon in {container} does not run")))
    }

    /// The path of an engine by its index, through containers that hold it now; its volume in brackets where
    /// none does.
    pub(super) fn path_of(&self, engine: EngineIndex) -> String {
        if engine == 0 {
            return "/".to_owned();
        }
        let holder = self.engines.iter().enumerate().find_map(|(outer, state)| {
            let key = state.inside.iter().find(|(_, inner)| **inner == engine).map(|(key, _)| key.clone())?;
            Some((outer, key))
        });
        let Some((outer, key)) = holder else { return "(gone)".to_owned() };
        let name = self.engines[outer].containers.iter().find(|c| c.data_key() == key);
        let name = name.map_or_else(|| format!("[{key}]"), |c| c.name.clone());
        match self.path_of(outer).as_str() {
            "/" => format!("/{name}"),
            path => format!("{path}/{name}"),
        }
    }

    /// What an engine says of a container in its events: image, labels, and at its end the exit code.
    fn attributes_of(&self, engine: EngineIndex, object: &str, action: &str, id: &str) -> Labels {
        let containers = &self.engines[engine].containers;
        let Some(container) = containers.iter().find(|it| object == "container" && it.id == id) else {
            return Labels::new();
        };
        let mut out = container.labels.clone();
        out.insert("image".to_owned(), container.image.clone());
        if action == "die" {
            out.insert("exitCode".to_owned(), container.exit_code.to_string());
        }
        out
    }

    /// Tells readers of the engine's events, and the log of happenings.
    pub(super) fn tell(&mut self, engine: EngineIndex, object: &str, action: &str, id: &str, name: &str) {
        self.tell_more(engine, object, action, id, name, Labels::new());
    }

    /// As [`World::tell`], with more attributes.
    pub(super) fn tell_more(
        &mut self,
        engine: EngineIndex,
        object: &str,
        action: &str,
        id: &str,
        name: &str,
        more: Labels,
    ) {
        let mut attributes = self.attributes_of(engine, object, action, id);
        attributes.extend(more);
        let event = EngineEvent {
            object: object.to_owned(),
            action: action.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            time: self.now * 1_000_000_000,
            attributes,
        };
        self.engines[engine].subscribers.send(&event);
        self.engines[engine].past.push(event.clone());
        let happening = Happening {
            id: event.id,
            by_engine: self.by_engine,
            attributes: event.attributes,
            after_call: self.calls.len() as u64,
            engine: self.path_of(engine),
            object: event.object,
            action: event.action,
            name: event.name,
        };
        self.happenings.push(happening);
    }

    /// Writes a call down and says what is scripted for it.
    pub(super) fn begin(&mut self, place: &Place, op: &'static str, target: &str) -> Option<Fault> {
        let number = self.calls.len() as u64 + 1;
        let engine = self.path(place);
        let hit =
            self.rules.iter_mut().find(|rule| rule.left > 0 && rule.when.is(number, &engine, op, target));
        let fault = hit.map(|rule| {
            rule.left = rule.left.saturating_sub(1);
            rule.fault.clone()
        });
        self.calls.push(Call { number, engine, op, target: target.to_owned() });
        fault
    }

    /// How many turns the next call waits, where calls are shuffled (xorshift64).
    pub(super) fn turns(&mut self) -> u32 {
        if self.shuffle == 0 {
            return 1;
        }
        self.shuffle ^= self.shuffle << 13;
        self.shuffle ^= self.shuffle >> 7;
        self.shuffle ^= self.shuffle << 17;
        (self.shuffle >> 33) as u32 % 6
    }
}

/// A refusal with the status that Docker gives it.
pub(super) fn refuse(
    op: &'static str,
    target: &str,
    kind: FailureKind,
    reason: impl Into<String>,
) -> EngineError {
    let status = match kind {
        FailureKind::NotFound => 404,
        FailureKind::Conflict => 409,
        _ => 500,
    };
    EngineError { status: Some(status), ..EngineError::new(op, target, kind, reason) }
}
