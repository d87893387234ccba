//! How steps end, and what is told of it: to the schedule, the tally and the sink.

use std::time::Duration;

use crate::event::event::{Event, EventKind};
use crate::event::outcome::Outcome;
use crate::executor::patience;
use crate::executor::scheduler::{Because, End, Unrun};
use crate::model::failure::Failure;
use crate::plan::known::Layer;
use crate::plan::step::{Resource, StepId};

use super::Dispatcher;

impl Dispatcher<'_> {
    pub(super) fn fail(&mut self, id: StepId, failure: Failure) {
        let Some(of) = self.steps.get(&id).map(|step| step.of.clone()) else { return };
        self.fail_of(id, of, failure);
    }

    /// A started step failed because of `of`.
    pub(super) fn fail_of(&mut self, id: StepId, of: Resource, failure: Failure) {
        if let Some(step) = self.steps.get(&id) {
            let seen = self.known.seen(&step.layer);
            let is_stale = patience::is_stale(&step.action, &failure)
                || patience::has_ended_since(&step.action, &failure, seen);
            if !step.may_fail && is_stale {
                let why = failure.causes.first().unwrap_or(&failure.summary).clone();
                self.again.because.get_or_insert(why);
            }
            self.tally.failed(step, of, failure.clone());
        }
        self.end(id, End::Failed, Outcome::Failed(Box::new(failure)));
    }

    /// A started step ended.
    pub(super) fn end(&mut self, id: StepId, end: End, outcome: Outcome) {
        self.tell_end(id, outcome);
        let unrun = self.scheduler.finish(id, end);
        self.tell_unrun(unrun);
    }

    pub(super) fn tell_end(&mut self, id: StepId, outcome: Outcome) {
        let took = self.running.remove(&id).map(|began| began.elapsed()).unwrap_or_default();
        self.trace.ended(id, self.began.elapsed(), outcome == Outcome::Done);
        if let Some(step) = self.steps.get(&id) {
            match &outcome {
                Outcome::Done => self.tally.done(step),
                Outcome::Cancelled => self.tally.cancelled(),
                // They were told when they failed.
                Outcome::Failed(_) | Outcome::Skipped { .. } => {}
            }
        }
        self.emit(EventKind::StepFinished { step: id, outcome, took });
    }

    pub(super) fn tell_unrun(&mut self, unrun: Vec<Unrun>) {
        for one in unrun {
            let (id, outcome) = match one {
                Unrun::Cancelled(id) => {
                    self.tally.cancelled();
                    (id, Outcome::Cancelled)
                }
                Unrun::Skipped(id, because) => {
                    if let Some(step) = self.steps.get(&id) {
                        self.tally.skipped(step, &because);
                    }
                    let because = match because {
                        Because::Step(id) => Some(id),
                        _ => None,
                    };
                    (id, Outcome::Skipped { because })
                }
            };
            self.emit(EventKind::StepFinished { step: id, outcome, took: Duration::ZERO });
        }
    }

    pub(super) fn tell_surveyed(&mut self) {
        let (mut answered, mut silent) = (Vec::new(), Vec::new());
        for (path, layer) in &self.known.layers {
            match layer {
                Layer::Answered(_) => answered.push(path.clone()),
                Layer::Silent(_) => silent.push(path.clone()),
            }
        }
        self.emit(EventKind::Surveyed { answered, silent });
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        let event = Event { seq: self.events, at: self.began.elapsed(), kind };
        self.events += 1;
        if !self.sink_is_closed {
            self.sink_is_closed = self.sink.emit(&event).is_err();
        }
    }
}
