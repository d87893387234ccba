//! Removing a container, which takes a moment on a real engine: its name is in use until it is over, and it goes on
//! when the one who asked for it has gone.

use std::sync::{Arc, Mutex};

use crate::engine::error::EngineError;
use crate::model::observed::ContainerState;

use super::flight::call;
use super::state::EngineIndex;
use super::world::{Place, World};

/// Removes a container, and answers when it is gone. A second one waits for the first, as the real adapter does.
pub(super) async fn remove(
    world: &Arc<Mutex<World>>,
    place: &Place,
    container: &str,
    volumes: bool,
) -> Result<(), EngineError> {
    let begin = |locked: &mut World, engine: EngineIndex| {
        let Some(index) = locked.engines[engine].find(container) else { return Ok(None) };
        let is_first = locked.begin_removal(engine, index);
        let id = locked.engines[engine].containers[index].id.clone();
        let turns = locked.turns().saturating_sub(1);
        let goes_on = is_first.then(|| Removal { world: Arc::clone(world), engine, id: id.clone(), volumes });
        Ok(Some((engine, id, turns, goes_on)))
    };
    let Some((engine, id, turns, removal)) = call(world, place, "remove container", container, begin).await?
    else {
        return Ok(());
    };
    if removal.is_some() {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        return Ok(());
    }
    let is_there = || world.lock().expect("no panic while locked").engines[engine].find(&id).is_some();
    while is_there() {
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Between two looks at a removal of somebody else.
const POLL: std::time::Duration = std::time::Duration::from_millis(10);

/// A removal under way: it ends when this is dropped.
struct Removal {
    world: Arc<Mutex<World>>,
    engine: EngineIndex,
    id: String,
    volumes: bool,
}

impl Drop for Removal {
    fn drop(&mut self) {
        let Ok(mut world) = self.world.lock() else { return };
        if let Some(index) = world.engines[self.engine].find(&self.id) {
            world.remove_container(self.engine, index, self.volumes);
        }
    }
}

impl World {
    /// Ends a container and marks it; false where its removal is under way.
    fn begin_removal(&mut self, engine: EngineIndex, index: usize) -> bool {
        let container = &mut self.engines[engine].containers[index];
        if container.state == ContainerState::Removing {
            return false;
        }
        container.stays_ended = true;
        container.due = None;
        if container.is_up() {
            self.tell_kill(engine, index, 9);
            self.end(engine, index, 137, 255);
        }
        self.engines[engine].containers[index].state = ContainerState::Removing;
        true
    }
}
