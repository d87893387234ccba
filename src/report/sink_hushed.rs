//! A sink that is not told how pulls and builds go on, only that they do and how they end (`--quiet-pull`,
//! `--quiet-build`).

use std::collections::BTreeSet;

use crate::event::event::{Event, EventKind};
use crate::event::sink::{Sink, SinkClosed};
use crate::plan::step::StepId;

/// Which courses are kept from the sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hush {
    /// Of pulls, and of the copies after them.
    pub pulls: bool,
    /// Of builds.
    pub builds: bool,
}

/// The sink.
pub struct HushedSink {
    sink: Box<dyn Sink>,
    hush: Hush,
    steps: BTreeSet<StepId>,
}

impl HushedSink {
    /// Passes on to `sink` what is not kept from it.
    pub fn new(sink: Box<dyn Sink>, hush: Hush) -> Self {
        Self { sink, hush, steps: BTreeSet::new() }
    }
}

impl Sink for HushedSink {
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed> {
        match &event.kind {
            EventKind::LayerPlanned { steps, .. } => {
                let hush = self.hush;
                let hushed = steps.iter().filter(|step| match step.verb {
                    "pull" | "copy" => hush.pulls,
                    "build" => hush.builds,
                    _ => false,
                });
                self.steps.extend(hushed.map(|step| step.id));
            }
            EventKind::StepProgress { step, .. } | EventKind::StepSaid { step, .. }
                if self.steps.contains(step) =>
            {
                return Ok(());
            }
            _ => {}
        }
        self.sink.emit(event)
    }

    fn tick(&mut self) {
        self.sink.tick();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::event::{StepInfo, Unit};
    use crate::event::sink::Recorder;
    use crate::model::addr::LayerPath;
    use crate::plan::cause::Cause;
    use crate::plan::step::Resource;

    fn step(id: u32, verb: &'static str) -> StepInfo {
        let root = LayerPath::root();
        StepInfo {
            id: StepId(id),
            layer: root.clone(),
            of: Resource::Image(root, "x".to_owned()),
            verb,
            change: true,
            cause: Cause::Missing,
            group: None,
            needs: Vec::new(),
            reaches: Vec::new(),
        }
    }

    #[test]
    fn the_course_of_a_build_is_kept_back_and_that_of_a_pull_is_not() {
        let recorder = Recorder::default();
        let hush = Hush { builds: true, ..Hush::default() };
        let mut sink = HushedSink::new(Box::new(recorder.clone()), hush);
        let steps = vec![step(0, "build"), step(1, "pull")];
        let said = |id| EventKind::StepSaid { step: StepId(id), line: "RUN".to_owned() };
        let moved =
            |id| EventKind::StepProgress { step: StepId(id), done: 1, total: None, unit: Unit::Layers };
        let planned = EventKind::LayerPlanned { layers: Vec::new(), steps, unchanged: Vec::new() };
        let kinds = [planned.clone(), said(0), moved(0), moved(1)];
        for kind in kinds {
            let event = Event { seq: 0, at: std::time::Duration::ZERO, kind };
            sink.emit(&event).expect("a recorder takes all");
        }
        let events = recorder.events.lock().expect("no panic while locked");
        let kinds: Vec<&EventKind> = events.iter().map(|event| &event.kind).collect();
        assert_eq!(kinds, [&planned, &moved(1)]);
    }
}
