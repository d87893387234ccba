//! What a running step has to work with, and how it ends.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::engine::engine::{Engine, Progress};
use crate::engine::error::EngineError;
use crate::engine::passing;
use crate::engine::retries;
use crate::event::event::{CancelLevel, Unit, WaitReason};
use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::{Failure, FailureKind};
use crate::model::name::ProjectName;
use crate::model::observed::Observed;
use crate::plan::known::Answered;
use crate::plan::step::{Resource, Step, StepId};
use crate::transfer::host_files::HostFiles;

use super::failure;
use super::fallen::{self, Way};
use super::link::Link;
use super::patience;

/// Progress is told at most this often a step.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// An engine that gave no answer is asked for so long whether it is there.
const LOST: Duration = Duration::from_secs(3);

/// A message of a step to the dispatcher.
#[derive(Debug)]
pub(super) enum Message {
    /// It moved on.
    Progress { step: StepId, done: u64, total: Option<u64>, unit: Unit },
    /// It waits for something outside.
    Waiting { step: StepId, on: WaitReason },
    /// It has a place on an engine, after so long.
    Placed { step: StepId, waited: Duration },
    /// The program that it runs said something.
    Said { step: StepId, line: String },
    /// A call failed in a way that passes, and is made again after a pause.
    Retrying { step: StepId, because: String, pause: Duration },
}

/// What a step that ended well brings back.
pub(super) enum Gain {
    /// Nothing but its end.
    Nothing,
    /// A layer whose engine answers.
    Entered(Box<Entered>),
}

/// A layer that was entered.
pub(super) struct Entered {
    /// The layer.
    pub(super) layer: LayerPath,
    /// What is known of it now.
    pub(super) answered: Answered,
    /// The new handle; `None` when the layer shares the engine of another.
    pub(super) engine: Option<Arc<dyn Engine>>,
    /// A new look at the engine that it shares.
    pub(super) shared: Option<Observed>,
    /// Of the paths that were asked for, those that the engine's machine does not have.
    pub(super) lacking: BTreeSet<String>,
}

/// Why a step did not end well.
#[derive(Debug)]
pub(super) enum Broken {
    /// It failed.
    Failed(Box<Failure>),
    /// It failed because this node, inside which it worked, has ended.
    Fallen(Addr, Box<Failure>),
    /// The run was broken off.
    Cancelled,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// All that a step has to work with.
pub(super) struct StepContext {
    /// The step.
    pub(super) step: Arc<Step>,
    /// The engine that it calls.
    pub(super) link: Arc<Link>,
    /// The other engine: from which an image is or was copied.
    pub(super) source: Option<Arc<Link>>,
    /// For an `Enter`: the layer that owns the engine on which its node runs.
    pub(super) home: LayerPath,
    /// The nodes through which the engine is reached, outermost first.
    pub(super) way: Vec<Way>,
    /// The lab.
    pub(super) project: ProjectName,
    /// ID of the root engine.
    pub(super) root_id: String,
    /// For an `Enter`: the engines that are known, by the layers that own them.
    pub(super) known_engines: Vec<(LayerPath, String)>,
    /// Places for pulls at once, over all engines.
    pub(super) pulls: Arc<Semaphore>,
    /// The user's files.
    pub(super) files: Arc<dyn HostFiles>,
    /// How long a hook may run.
    pub(super) hook_limit: Option<Duration>,
    /// Turns to `Some` when the run is broken off.
    pub(super) cancel: watch::Receiver<Option<CancelLevel>>,
    /// To the dispatcher.
    pub(super) messages: mpsc::UnboundedSender<Message>,
}

impl StepContext {
    /// The engine that the step calls.
    pub(super) fn engine(&self) -> &dyn Engine {
        &*self.link.engine
    }

    /// Tells what the step waits for.
    pub(super) fn waits_for(&self, on: WaitReason) {
        // A dispatcher that is gone needs no news.
        let _ = self.messages.send(Message::Waiting { step: self.step.id, on });
    }

    /// Tells what the program that the step runs said.
    pub(super) fn says(&self, line: String) {
        let _ = self.messages.send(Message::Said { step: self.step.id, line });
    }

    /// What the step is about, in words.
    pub(super) fn of(&self) -> String {
        match &self.step.of {
            Resource::Service(addr) => addr.to_string(),
            other => other.to_string(),
        }
    }

    /// A function that tells how far the step has come.
    pub(super) fn progress(&self) -> Progress {
        let (messages, step) = (self.messages.clone(), self.step.id);
        let last: Mutex<Option<Instant>> = Mutex::new(None);
        Arc::new(move |done, total| {
            let now = Instant::now();
            let Ok(mut last) = last.lock() else { return };
            if last.is_none_or(|last| now.duration_since(last) >= PROGRESS_EVERY) {
                *last = Some(now);
                let _ = messages.send(Message::Progress { step, done, total, unit: Unit::Bytes });
            }
        })
    }

    /// A function that tells what a program says.
    pub(super) fn say(&self) -> impl Fn(String) + Send + Sync + use<> {
        let (messages, step) = (self.messages.clone(), self.step.id);
        move |line| {
            // Nobody listens any more: the run is over.
            let _ = messages.send(Message::Said { step, line });
        }
    }

    /// Tells of attempts that the engine's adapter makes by itself.
    pub(super) fn retries(&self) -> retries::Listener {
        let (messages, step) = (self.messages.clone(), self.step.id);
        Arc::new(move |because, pause| {
            let _ = messages.send(Message::Retrying { step, because, pause });
        })
    }

    /// A place on an engine.
    pub(super) async fn permit(&self, places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Broken> {
        if let Ok(permit) = places.clone().try_acquire_owned() {
            return Ok(permit);
        }
        self.waits_for(WaitReason::Permit);
        let since = Instant::now();
        let acquire = async { places.clone().acquire_owned().await.map_err(|_closed| Broken::Cancelled) };
        let place = self.unless_cancelled(acquire).await?;
        let _ = self.messages.send(Message::Placed { step: self.step.id, waited: since.elapsed() });
        Ok(place)
    }

    /// Does `work` until the run is broken off, if it is: then `work` is dropped where it stands.
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Broken>>,
    ) -> Result<T, Broken> {
        let mut cancel = self.cancel.clone();
        tokio::select! {
            biased;
            Ok(_) = cancel.wait_for(Option::is_some) => Err(Broken::Cancelled),
            result = work => result,
        }
    }

    /// Makes a call, and makes it again while it fails in a way that passes: a few times, and not into a node that has
    /// ended.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, EngineError>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T, EngineError> {
        if self.link.is_lost.load(Ordering::Relaxed) {
            self.answers_again().await?;
        }
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Ok(done) => {
                    self.link.is_lost.store(false, Ordering::Relaxed);
                    return Ok(done);
                }
                Err(error) => error,
            };
            if error.kind == FailureKind::Timeout && error.status.is_none() {
                self.link.is_lost.store(true, Ordering::Relaxed);
            }
            if !patience::passes(&error) || !patience::is_repeatable(&self.step.action) {
                return Err(error);
            }
            let is_lost = error.kind == FailureKind::Unreachable && self.link.is_lost.load(Ordering::Relaxed);
            let pause = passing::pause(attempt).filter(|_| !is_lost && self.cancel.borrow().is_none());
            let Some(pause) = pause else {
                if error.kind == FailureKind::Unreachable {
                    self.link.is_lost.store(true, Ordering::Relaxed);
                }
                return Err(error);
            };
            let paused = async {
                tokio::time::sleep(pause).await;
                Ok(fallen::is_way_open(self).await)
            };
            // Told before the pause: it may be long.
            let because = error.to_failure();
            let because = because.causes.first().unwrap_or(&because.summary).clone();
            let _ = self.messages.send(Message::Retrying { step: self.step.id, because, pause });
            match self.unless_cancelled(paused).await {
                Ok(true) => attempt += 1,
                Ok(false) | Err(_) => return Err(error),
            }
        }
    }

    /// Asks an engine that has left a call without an answer whether it is there at all, so that not every call has to
    /// wait for its whole limit.
    async fn answers_again(&self) -> Result<(), EngineError> {
        match tokio::time::timeout(LOST, self.engine().ping()).await {
            Ok(Ok(())) => {
                self.link.is_lost.store(false, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => {
                let why = format!("no answer within {LOST:?}, and none to a call before");
                Err(EngineError::new("reach the engine", "", FailureKind::Timeout, why))
            }
        }
    }

    /// The failure of the step when this call failed.
    pub(super) fn failed(&self, error: &EngineError) -> Broken {
        failure::of_step(&self.step, error).into()
    }
}
