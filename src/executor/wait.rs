//! Waiting for a container: events say when to look, looking says what is, a slow poll covers a lost stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::engine::engine::EngineEvent;
use crate::engine::error::EngineError;
use crate::model::failure::{Failure, FailureKind};
use crate::model::milestone::Stage;
use crate::model::observed::ContainerDetail;
use crate::plan::cause::Cause;

use super::clock;
use super::failure;
use super::link::Link;
use super::log_tail::log_tail;
use super::step_context::{Broken, StepContext};
use super::verdict::{self, SETTLE, Verdict, verdict};

/// How long nothing may be heard of a container until it is looked at anyway.
const POLL: Duration = Duration::from_secs(2);

/// Looks at one container again and again, whenever something happened to it.
pub(super) struct Watch<'a> {
    link: &'a Link,
    container: &'a str,
    events: Option<broadcast::Receiver<Arc<EngineEvent>>>,
    id: Option<String>,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(link: &'a Link, container: &'a str) -> Self {
        Self { link, container, events: None, id: None }
    }

    /// The container as it is now. Events are subscribed to before, so that what happens after the look is
    /// not missed by [`Self::changed`].
    pub(super) async fn look(&mut self) -> Result<ContainerDetail, EngineError> {
        if self.events.is_none() {
            self.events = self.link.events().await;
        }
        let detail = self.link.engine.inspect(self.container).await?;
        self.id = Some(detail.id.clone());
        Ok(detail)
    }

    /// As [`Self::look`], through what passes.
    async fn look_patiently(&mut self, context: &StepContext) -> Result<ContainerDetail, EngineError> {
        if self.events.is_none() {
            self.events = self.link.events().await;
        }
        let (engine, container) = (&self.link.engine, self.container);
        let detail = context.patiently(|| engine.inspect(container)).await?;
        self.id = Some(detail.id.clone());
        Ok(detail)
    }

    /// Returns when something happened to the container, after `at_most`, or when it is time to look anyway. `false`:
    /// the engine was listened to all the while, and said nothing of the container.
    pub(super) async fn changed(&mut self, at_most: Duration) -> bool {
        let sleep = tokio::time::sleep(at_most.min(POLL));
        tokio::pin!(sleep);
        loop {
            let Some(events) = &mut self.events else {
                sleep.await;
                return true;
            };
            // In one order, so that a run on the fake engine is the same each time.
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) if !concerns(&event, self.container, self.id.as_deref()) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return true,
                    Err(RecvError::Closed) => self.events = None,
                },
                () = &mut sleep => return false,
            }
        }
    }

    /// Waits until the container does not run any more, and gives its last state.
    pub(super) async fn ended(&mut self) -> Result<ContainerDetail, EngineError> {
        loop {
            let detail = self.look().await?;
            if !verdict::is_alive(&detail) {
                return Ok(detail);
            }
            self.changed(POLL).await;
        }
    }
}

/// Whether an event may change what a look at the container shows. Health checks are execs: each run brings
/// three events that change nothing.
fn concerns(event: &EngineEvent, container: &str, id: Option<&str>) -> bool {
    event.object == "container"
        && (event.name == container || event.id == container || Some(event.id.as_str()) == id)
        && !event.action.starts_with("exec_")
}

/// Waits until the container has come to `stage`.
pub(super) async fn wait(
    context: &StepContext,
    container: &str,
    stage: Stage,
    timeout: Option<Duration>,
) -> Result<(), Broken> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut watch = Watch::new(&context.link, container);
    let mut run = Run::default();
    let mut told = false;
    loop {
        let detail = watch.look_patiently(context).await.map_err(|error| context.failed(&error))?;
        let left = run.left_to_settle(&detail);
        let verdict = verdict(stage, &detail, left.is_zero());
        let settles = verdict == Verdict::Settle;
        let (reason, at_most) = match verdict {
            Verdict::Done => return Ok(()),
            Verdict::Failed(causes) => {
                return Err(failed(context, container, FailureKind::Unhealthy, &detail, causes).await);
            }
            Verdict::Settle => (None, left),
            Verdict::Wait(reason) => (Some(reason), POLL),
        };
        let now = Instant::now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            let causes = late(stage, &detail, timeout.unwrap_or_default());
            return Err(failed(context, container, FailureKind::Timeout, &detail, causes).await);
        }
        if let Some(reason) = reason.filter(|_| !told) {
            context.waits_for(reason);
            told = true;
        }
        let pause = deadline.map_or(at_most, |deadline| at_most.min(deadline - now));
        // What ends is told by the engine, and once more by the look at the end of the run: no need to ask.
        if !watch.changed(pause).await && settles && pause == left {
            return Ok(());
        }
    }
}

/// How long the container's current run has been going on.
#[derive(Default)]
struct Run {
    started_at: String,
    settled_at: Option<Instant>,
}

impl Run {
    /// Time until the container has run for [`SETTLE`]. Counted from the first look at this run, less what it
    /// was old then: so a wrong clock of the engine's machine costs at most that moment.
    fn left_to_settle(&mut self, detail: &ContainerDetail) -> Duration {
        let now = Instant::now();
        let settled_at = match self.settled_at {
            Some(at) if self.started_at == detail.started_at => at,
            _ => {
                let age = clock::age(&detail.started_at).unwrap_or_default();
                now + SETTLE.saturating_sub(age)
            }
        };
        self.started_at.clone_from(&detail.started_at);
        self.settled_at = Some(settled_at);
        settled_at.saturating_duration_since(now)
    }
}

/// Why a wait is given up.
fn late(stage: Stage, detail: &ContainerDetail, timeout: Duration) -> Vec<String> {
    let state = match detail.health {
        Some(health) => format!("{}, {}", detail.state.as_str(), health.as_str()),
        None => detail.state.as_str().to_owned(),
    };
    let mut causes = vec![format!("it is not {stage} after {timeout:?}: {state}")];
    causes.extend(verdict::last_check(detail));
    causes
}

/// The failure of a wait, with the last lines of the container's log.
async fn failed(
    context: &StepContext,
    container: &str,
    kind: FailureKind,
    detail: &ContainerDetail,
    causes: Vec<String>,
) -> Broken {
    let hook = if context.step.cause == Cause::Hook { "pre_start " } else { "" };
    let of = format!("{hook}{}", context.of());
    let logs = log_tail(context.engine(), container, &of, Some(&detail.started_at)).await;
    let failure = Failure { logs, ..failure::of_step_because(&context.step, kind, causes) };
    failure.into()
}
