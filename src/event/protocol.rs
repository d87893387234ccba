//! What must hold of the events of every run, whatever happened. A breach is the executor's bug; tests look for one.

use std::collections::BTreeSet;

use crate::plan::step::StepId;

use super::event::{Event, EventKind};
use super::outcome::{Outcome, Summary};

/// Breaches of the protocol of [`EventKind`] by the events of one run, as sentences. Empty for a sound run.
pub fn breaches(events: &[Event], summary: &Summary) -> Vec<String> {
    let mut check = Check::default();
    let started = matches!(events.first().map(|event| &event.kind), Some(EventKind::RunStarted { .. }));
    check.hold(started, || "the first event is not the run's start".to_owned());
    let finished = matches!(events.last().map(|event| &event.kind), Some(EventKind::RunFinished { .. }));
    check.hold(finished, || "the last event is not the run's end".to_owned());
    for (i, event) in events.iter().enumerate() {
        check.hold(event.seq == i as u64, || format!("event {i} has number {}", event.seq));
        check.hold(i == 0 || events[i - 1].at <= event.at, || format!("time goes back at event {i}"));
        match event.kind {
            EventKind::RunStarted { .. } => check.hold(i == 0, || format!("the run starts at event {i}")),
            EventKind::RunFinished { .. } => {
                check.hold(i + 1 == events.len(), || format!("the run ends at event {i}"));
            }
            _ => check.step_event(&event.kind),
        }
    }
    let never: Vec<_> = check.planned.difference(&check.ended).map(ToString::to_string).collect();
    check.hold(never.is_empty(), || format!("these never end: {}", never.join(" ")));
    let [done, failed, skipped, cancelled] = check.counts;
    let counted = summary.changed <= done
        && summary.failed <= failed
        && summary.skipped <= skipped
        && summary.cancelled == cancelled;
    check.hold(counted, || format!("{summary:?} does not count {done}, {failed}, {skipped}, {cancelled}"));
    check.breaches
}

#[derive(Default)]
struct Check {
    planned: BTreeSet<StepId>,
    running: BTreeSet<StepId>,
    ended: BTreeSet<StepId>,
    /// Steps that ended as done, failed, skipped, cancelled.
    counts: [usize; 4],
    breaches: Vec<String>,
}

impl Check {
    fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.breaches.push(otherwise());
        }
    }

    fn step_event(&mut self, kind: &EventKind) {
        match kind {
            EventKind::LayerPlanned { steps, .. } => {
                for step in steps {
                    let is_new = self.planned.insert(step.id);
                    self.hold(is_new, || format!("{} is planned twice", step.id));
                }
            }
            EventKind::StepStarted { step } => {
                self.hold(self.planned.contains(step), || format!("{step} starts and is not planned"));
                let is_first = !self.ended.contains(step) && self.running.insert(*step);
                self.hold(is_first, || format!("{step} starts twice"));
            }
            EventKind::StepProgress { step, .. }
            | EventKind::StepWaiting { step, .. }
            | EventKind::StepSaid { step, .. }
            | EventKind::StepRetrying { step, .. } => {
                let runs = self.running.contains(step);
                self.hold(runs, || format!("{step} tells something and does not run"));
            }
            EventKind::StepFinished { step, outcome, took } => {
                let ran = self.running.remove(step);
                let is_first = self.planned.contains(step) && self.ended.insert(*step);
                self.hold(is_first, || format!("{step} ends twice, or was not planned"));
                let (count, sound) = match outcome {
                    Outcome::Done => (0, ran),
                    Outcome::Failed(_) => (1, ran),
                    Outcome::Skipped { .. } => (2, !ran),
                    Outcome::Cancelled => (3, true),
                };
                self.counts[count] += 1;
                self.hold(sound, || format!("{step} ends as {outcome:?}; it has run: {ran}"));
                self.hold(ran || took.is_zero(), || format!("{step} never ran, and took {took:?}"));
            }
            EventKind::LookingAgain { .. } => {
                let all = self.ended == self.planned;
                self.hold(all, || "the run looks again while steps run".to_owned());
            }
            EventKind::RunStarted { .. }
            | EventKind::RunFinished { .. }
            | EventKind::Surveyed { .. }
            | EventKind::Warned { .. }
            | EventKind::Cancelling { .. } => {}
        }
    }
}
