//! One call on its way: the log, the script, the effect.

use std::future::pending;
use std::sync::{Arc, Mutex};

use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;

use super::fake_engine::FakeEngine;
use super::fault::Fault;
use super::state::EngineIndex;
use super::world::{Place, World};

/// Makes a call. `work` is the effect, done at one moment; what is scripted may come before or after it.
pub(super) async fn call<T>(
    world: &Arc<Mutex<World>>,
    place: &Place,
    op: &'static str,
    target: &str,
    work: impl FnOnce(&mut World, EngineIndex) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    call_for_stream(world, place, op, target, work).await.map(|(answer, _)| answer)
}

/// As [`call`], with the number of bytes after which the stream that it answers is to break.
pub(super) async fn call_for_stream<T>(
    world: &Arc<Mutex<World>>,
    place: &Place,
    op: &'static str,
    target: &str,
    work: impl FnOnce(&mut World, EngineIndex) -> Result<T, EngineError>,
) -> Result<(T, Option<usize>), EngineError> {
    let (fault, turns, _flight) = {
        let mut locked = world.lock().expect("no panic while locked");
        let fault = locked.begin(place, op, target);
        let path = locked.path(place);
        let count = locked.in_flight.entry(path.clone()).or_default();
        count.0 += 1;
        count.1 = count.1.max(count.0);
        (fault, locked.turns(), Flight { world: Arc::clone(world), path })
    };
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    match &fault {
        Some(Fault::Fail(kind, reason)) => {
            return Err(super::world::refuse(op, target, *kind, reason.clone()));
        }
        Some(Fault::Hang) => pending().await,
        Some(Fault::Hold(gate)) => gate.pass().await,
        Some(Fault::Meanwhile(meanwhile)) => meanwhile.happens(&FakeEngine::root_of(world)),
        Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
        Some(Fault::LoseAnswer | Fault::HangAfter | Fault::BreakStream(_)) | None => {}
    }
    let answer = {
        let mut locked = world.lock().expect("no panic while locked");
        locked.restart_what_is_due();
        match locked.reach(place, op, target) {
            Ok(engine) => Some(work(&mut locked, engine)),
            Err(Some(error)) => Some(Err(error)),
            Err(None) => None,
        }
    };
    match fault {
        Some(Fault::HangAfter) => pending().await,
        Some(Fault::LoseAnswer) => {
            let reason = "the connection was closed before the answer came";
            Err(EngineError::new(op, target, FailureKind::Unreachable, reason))
        }
        fault => match answer {
            Some(answer) => {
                let breaks = if let Some(Fault::BreakStream(bytes)) = fault { Some(bytes) } else { None };
                answer.map(|answer| (answer, breaks))
            }
            None => pending().await,
        },
    }
}

/// Counts a call as under way until it is dropped.
struct Flight {
    world: Arc<Mutex<World>>,
    path: String,
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Ok(mut world) = self.world.lock()
            && let Some(count) = world.in_flight.get_mut(&self.path)
        {
            count.0 -= 1;
        }
    }
}
