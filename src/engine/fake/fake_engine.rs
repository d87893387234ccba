//! The fake's handle: the port, and what a test says and asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::engine::engine::{Change, Engine, OutputKind, Remove};
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::observed::{ContainerState, Health, Observed, ObservedContainer};

use super::behaviour::Behaviour;
use super::call::{Call, Happening, OPERATIONS};
use super::fault::{Fault, Gate, Rule, When};
use super::images::Image;
use super::state::EngineIndex;
pub use super::state::{FakeFile, FakeFileKind};
use super::world::{Place, World};

/// An engine in memory, and through [`Engine::inside`] a whole tree of them. Handles share one world.
///
/// What a test does by a method of this type (not of the port) is no call: it is not logged, does not fail by
/// script, and works on engines that do not answer.
#[derive(Clone)]
pub struct FakeEngine {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) place: Place,
}

impl fmt::Debug for FakeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeEngine").field("place", &self.place.0).finish_non_exhaustive()
    }
}

impl FakeEngine {
    /// An engine with nothing on it, on a machine of this name.
    pub fn new(name: &str) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(name))), place: Place(Vec::new()) }
    }

    /// With an image of one layer.
    #[must_use]
    pub fn with_image(self, reference: &str) -> Self {
        self.add_image(reference, &[reference.as_bytes()]);
        self
    }

    /// With a registry that serves these references, to every engine of the tree.
    #[must_use]
    pub fn with_registry(self, references: &[&str]) -> Self {
        for reference in references {
            self.publish(reference, &[reference.as_bytes()]);
        }
        self
    }

    /// With a behaviour of every container of this name or image, on every engine of the tree.
    #[must_use]
    pub fn with_behaviour(self, container_or_image: &str, behaviour: Behaviour) -> Self {
        self.set_behaviour(container_or_image, behaviour);
        self
    }

    /// With a path on its machine that it sees.
    #[must_use]
    pub fn with_path(self, path: &str) -> Self {
        self.on_engine(|world, engine| {
            world.engines[engine].paths.insert(path.to_owned());
        });
        self
    }

    /// As one handle of the port.
    pub fn shared(&self) -> Arc<dyn Engine> {
        Arc::new(self.clone())
    }

    /// The engine inside one of this engine's containers, whether or not it answers.
    #[must_use]
    pub fn node(&self, container: &str) -> Self {
        let mut place = self.place.0.clone();
        place.push(container.to_owned());
        Self { world: Arc::clone(&self.world), place: Place(place) }
    }

    /// A dial that leads to the engine inside: what it says does not matter here.
    pub fn dial() -> Dial {
        Dial::Exec { argv: vec!["dial-stdio".to_owned()], env: Vec::new(), user: None }
    }

    /// Puts an image on this engine, of these layers, base first; another image of that name loses it.
    pub fn add_image(&self, reference: &str, layers: &[&[u8]]) {
        let image = Image::new(reference, layers);
        self.on_engine(|world, engine| world.engines[engine].take_in(&image));
    }

    /// Lets the registry serve an image of these layers under a reference, in place of what it served.
    pub fn publish(&self, reference: &str, layers: &[&[u8]]) {
        let image = Image::new(reference, layers);
        let mut world = self.lock();
        world.registry.retain(|other| other.tags != image.tags || other.digests != image.digests);
        world.registry.push(image);
    }

    /// Sets the behaviour of every container of this name or image from its next start on.
    pub fn set_behaviour(&self, container_or_image: &str, behaviour: Behaviour) {
        self.lock().behaviours.insert(container_or_image.to_owned(), behaviour);
    }

    /// Changes what this engine says of itself.
    pub fn set_facts(&self, change: impl FnOnce(&mut Facts)) {
        self.on_engine(|world, engine| change(&mut world.engines[engine].facts));
    }

    /// Lets the next `times` calls that `when` names end in `fault`. Rules are tried in the order in which they
    /// were added. An operation that there is not is a mistake of the test and ends it.
    pub fn script(&self, when: When, times: u32, fault: Fault) {
        if let When::Matches { op: Some(op), .. } = &when {
            OPERATIONS
                .iter()
                .find(|known| *known == op)
                .expect("scripted operations are those of call::OPERATIONS");
        }
        self.lock().rules.push(Rule { when, left: times, fault });
    }

    /// Lets every call that `when` names take so long.
    pub fn slow(&self, when: When, time: Duration) {
        self.script(when, u32::MAX, Fault::Slow(time));
    }

    /// Holds every call that `when` names until the gate is opened.
    pub fn hold(&self, when: When) -> Gate {
        let gate = Gate::default();
        self.script(when, u32::MAX, Fault::Hold(gate.clone()));
        gate
    }

    /// Forgets every scripted failure.
    pub fn heal(&self) {
        self.lock().rules.clear();
    }

    /// Lets calls overtake each other, in an order that depends on `seed`.
    pub fn shuffle(&self, seed: u64) {
        self.lock().shuffle = seed.max(1);
    }

    /// Every call so far, over the whole tree.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Number of calls so far, over the whole tree.
    pub fn n_calls(&self) -> u64 {
        self.lock().calls.len() as u64
    }

    /// Forgets the log of calls and happenings; the numbers begin at 1 again.
    pub fn forget_calls(&self) {
        let mut world = self.lock();
        world.calls.clear();
        world.happenings.clear();
        world.in_flight.values_mut().for_each(|count| count.1 = count.0);
    }

    /// Everything that happened on engines so far.
    pub fn happenings(&self) -> Vec<Happening> {
        self.lock().happenings.clone()
    }

    /// The most calls that were under way at once on the engine with this path (`/`, `/vm1`).
    pub fn most_at_once(&self, engine: &str) -> usize {
        self.lock().in_flight.get(engine).map_or(0, |count| count.1)
    }

    /// Everything on every engine of the tree, as sorted lines: `/vm1 container web running healthy`.
    pub fn snapshot(&self) -> String {
        self.lock().snapshot()
    }

    /// What is on this engine.
    pub fn observed(&self) -> Observed {
        self.on_engine(|world, engine| world.engines[engine].observed())
    }

    /// A container of this engine, by name or ID.
    pub fn container(&self, name: &str) -> Option<ObservedContainer> {
        self.on_engine(|world, engine| {
            let index = world.engines[engine].find(name)?;
            Some(world.engines[engine].containers[index].observed())
        })
    }

    /// A file as a container of this engine sees it.
    pub fn file(&self, container: &str, path: &str) -> Option<FakeFile> {
        self.on_engine(|world, engine| {
            let index = world.engines[engine].find(container)?;
            world.files(engine, index, path).remove(path)
        })
    }

    /// Gives a container's health check a verdict.
    pub fn set_health(&self, container: &str, health: Health) {
        self.with_container(container, |world, engine, index| world.set_health(engine, index, health));
    }

    /// A container prints a line.
    pub fn print(&self, container: &str, line: &str) {
        self.with_container(container, |world, engine, index| {
            let now = world.tick();
            world.engines[engine].containers[index].print(now, OutputKind::Stdout, line);
        });
    }

    /// A container's program ends by itself.
    pub fn end(&self, container: &str, code: i64) {
        self.with_container(container, |world, engine, index| world.end(engine, index, code, 255));
    }

    /// This engine's machine starts anew, and what its containers' restart policies start.
    pub fn reboot(&self) {
        self.on_engine(|world, engine| {
            world.daemon_dies(engine, 255);
            world.daemon_returns(engine);
        });
    }

    /// The daemon inside a container ends, and what runs on it.
    pub fn kill_daemon(&self, container: &str) {
        self.on_inner(container, |world, inner| world.daemon_dies(inner, 255));
    }

    /// The daemon inside a container is started again; inside a paused one it answers once that goes on.
    pub fn return_daemon(&self, container: &str) {
        let is_up = |state| matches!(state, ContainerState::Running | ContainerState::Paused);
        let is_up = self.container(container).is_some_and(|it| is_up(it.state));
        if is_up {
            self.on_inner(container, World::daemon_returns);
        }
    }

    fn on_inner(&self, container: &str, work: impl FnOnce(&mut World, EngineIndex)) {
        self.on_engine(|world, engine| {
            let index = world.engines[engine].find(container);
            let key = index.map(|index| world.engines[engine].containers[index].data_key());
            if let Some(inner) = key.and_then(|key| world.engines[engine].inside.get(&key).copied()) {
                work(world, inner);
            }
        });
    }

    /// The whole tree: this engine, and every one inside a container, whether or not it answers.
    pub fn tree(&self) -> Vec<Self> {
        let nodes: Vec<String> = self.on_engine(|world, engine| {
            let state = &world.engines[engine];
            let nodes = state.containers.iter().filter(|it| state.inside.contains_key(&it.data_key()));
            nodes.map(|it| it.id.clone()).collect()
        });
        let inside = nodes.iter().flat_map(|node| self.node(node).tree());
        std::iter::once(self.clone()).chain(inside).collect()
    }

    /// The containers of this engine and of every one inside it, also of those whose data waits in a volume for the next
    /// node that has it.
    pub fn kept(&self) -> Vec<ObservedContainer> {
        self.on_engine(|world, engine| world.kept_by(engine))
    }

    /// The named volumes of this engine and of every one whose data is in a volume: a serial, which no other volume
    /// ever has, and the name.
    pub fn data(&self) -> BTreeMap<String, String> {
        self.on_engine(|world, engine| world.data_of(engine))
    }

    /// Somebody else removes something by hand; what the engine would refuse changes nothing.
    pub fn remove_by_hand(&self, object: &Remove) {
        self.on_engine(|world, engine| {
            let _ = world.remove(engine, object);
        });
    }

    /// Somebody else changes a container by hand; what the engine would refuse changes nothing.
    pub fn by_hand(&self, container: &str, change: &Change) {
        self.with_container(container, |world, engine, _| {
            let _ = world.act(engine, container, change);
        });
    }

    pub(super) fn root_of(world: &Arc<Mutex<World>>) -> Self {
        Self { world: Arc::clone(world), place: Place(Vec::new()) }
    }

    fn with_container(&self, container: &str, work: impl FnOnce(&mut World, EngineIndex, usize)) {
        self.on_engine(|world, engine| {
            if let Some(index) = world.engines[engine].find(container) {
                work(world, engine, index);
            }
        });
    }

    fn on_engine<T>(&self, work: impl FnOnce(&mut World, EngineIndex) -> T) -> T {
        let mut world = self.lock();
        let engine = world.engine_at(&self.place).expect("the test names containers that are there");
        work(&mut world, engine)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic while locked")
    }
}
