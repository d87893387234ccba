//! One line a meaningful event, for logs and pipes: `vm1/web: started`.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::source::SourceMap;
use crate::event::event::{CancelLevel, Event, EventKind};
use crate::event::outcome::Outcome;
use crate::event::sink::{Sink, SinkClosed};
use crate::model::name::ProjectName;
use crate::plan::step::{Group, StepId};

use super::diagnostic::one_line;
use super::duration::short;
use super::progress::{Progress, RowKey, RowStatus, StepState, StepStatus, row_key};
use super::style::{Style, Tone};
use super::summary::Ended;
use super::words::{doing, done, looking_again, retrying, said, subject};

/// Steps that take longer than this get their time in the line.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Lines.
pub struct PlainSink {
    out: Box<dyn Write + Send>,
    style: Style,
    sources: Arc<SourceMap>,
    progress: Progress,
    run: Option<(ProjectName, &'static str)>,
}

impl PlainSink {
    /// Writes to `out`. `sources`: the texts that warnings point into.
    pub fn new(out: Box<dyn Write + Send>, style: Style, sources: Arc<SourceMap>) -> Self {
        Self { out, style, sources, progress: Progress::default(), run: None }
    }

    fn line(&mut self, subject: &str, text: &str) -> Result<(), SinkClosed> {
        let head = self.style.paint(Tone::Strong, subject);
        self.write(&format!("{head}: {text}\n"))
    }

    fn write(&mut self, text: &str) -> Result<(), SinkClosed> {
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|_| SinkClosed)
    }

    fn started(&mut self, id: StepId) -> Result<(), SinkClosed> {
        let Some(state) = self.progress.step(id) else { return Ok(()) };
        // Only what may take long is worth a line when it begins.
        let of = subject(&state.info.of);
        let text = match state.info.verb {
            "pull" | "push" | "copy" | "enter" => doing(&state.info),
            "stop" if state.info.group != Some(Group::Recreate) => doing(&state.info),
            _ => return Ok(()),
        };
        self.line(&of, &text)
    }

    fn finished(&mut self, id: StepId, outcome: &Outcome, took: Duration) -> Result<(), SinkClosed> {
        let Some(state) = self.progress.step(id) else { return Ok(()) };
        let of = subject(&state.info.of);
        let text = match outcome {
            Outcome::Done => self.done_words(state),
            Outcome::Failed(failure) => {
                let mut text = format!("failed: {}", failure.summary);
                for cause in &failure.causes {
                    text.push_str(": ");
                    text.push_str(cause.trim_end());
                }
                Some(self.style.paint(Tone::Bad, &text.replace('\n', " ")))
            }
            Outcome::Skipped { .. } | Outcome::Cancelled => self.unrun_words(state),
        };
        let Some(text) = text else { return Ok(()) };
        let took = if took >= WORTH_TELLING { format!(" ({})", short(took)) } else { String::new() };
        self.line(&of, &format!("{text}{took}"))
    }

    /// What is said of a step that never ran: once a row, when its first such step is known.
    fn unrun_words(&self, state: &StepState) -> Option<String> {
        let key = row_key(&state.info.of);
        if !matches!(key, RowKey::Service(_, None)) {
            return None;
        }
        let unrun = |other: &StepState| {
            matches!(other.status, StepStatus::Ended(Outcome::Skipped { .. } | Outcome::Cancelled))
        };
        let others = self.progress.steps_of(&key).filter(|other| other.info.id != state.info.id);
        if others.into_iter().any(unrun) {
            return None;
        }
        let (status, words) = self.progress.verdict(&key);
        matches!(status, RowStatus::Skipped | RowStatus::Unready | RowStatus::Cancelled).then_some(words)
    }

    /// What is said of a step that ended well; nothing for one that is a part of a line still to come.
    fn done_words(&self, state: &StepState) -> Option<String> {
        let key = row_key(&state.info.of);
        let (status, words) = self.progress.verdict(&key);
        let stage = self.progress.stage_of(&key);
        let changed = self.progress.steps_of(&key).any(|other| other.info.change);
        let open = |change: bool| {
            let mut rest = self.progress.steps_of(&key).filter(|other| other.info.change || !change);
            rest.any(|other| !matches!(other.status, StepStatus::Ended(_)))
        };
        if !state.info.change {
            return match state.info.verb {
                "enter" => Some(done(&state.info).to_owned()),
                // Of several waits the last one is told, and none of a row in which nothing changed.
                _ if changed && status == RowStatus::Done && !open(false) => {
                    Some(stage.map_or(words, |stage| stage.to_string()))
                }
                _ => None,
            };
        }
        match state.info.group {
            // A recreate is one line, at the end of its last step.
            Some(Group::Recreate) if !open(true) => Some(if open(false) {
                format!("recreated ({})", self.progress.cause_of(&key)?.in_short())
            } else {
                words
            }),
            Some(Group::Recreate) => None,
            // Of create, connect, files and start the last is told, and the end of a removal.
            Some(Group::Up | Group::Down) => (!open(true)).then(|| done(&state.info).to_owned()),
            None => Some(done(&state.info).to_owned()),
        }
    }
}

impl Sink for PlainSink {
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed> {
        self.progress.apply(event);
        match &event.kind {
            EventKind::RunStarted { project, command } => {
                self.run = Some((project.clone(), command));
                Ok(())
            }
            EventKind::Surveyed { silent, .. } => {
                for layer in silent {
                    self.line(&layer.to_string(), "its engine does not answer")?;
                }
                Ok(())
            }
            EventKind::LayerPlanned { .. }
            | EventKind::StepProgress { .. }
            | EventKind::StepWaiting { .. } => Ok(()),
            EventKind::StepSaid { step, line } => {
                let Some(state) = self.progress.step(*step) else { return Ok(()) };
                let text = said(&subject(&state.info.of), line);
                self.write(&text)
            }
            EventKind::StepRetrying { step, because, pause } => {
                let Some(state) = self.progress.step(*step) else { return Ok(()) };
                let of = subject(&state.info.of);
                self.line(&of, &retrying(state.info.verb, because, *pause))
            }
            EventKind::LookingAgain { because, .. } => self.write(&looking_again(because)),
            EventKind::StepStarted { step } => self.started(*step),
            EventKind::StepFinished { step, outcome, took } => self.finished(*step, outcome, *took),
            EventKind::Warned { diagnostic } => {
                let text = one_line(diagnostic, &self.sources);
                let help = diagnostic.help.as_deref().unwrap_or_default();
                let mut said = format!("{}\n", self.style.paint(Tone::Warn, &text));
                for line in help.lines() {
                    said.extend(["  ", line, "\n"]);
                }
                self.write(&said)
            }
            EventKind::Cancelling { level } => self.write(match level {
                CancelLevel::Drain => "breaking off: nothing new is started; once more to stop at once\n",
                CancelLevel::Abort => "stopping at once\n",
            }),
            EventKind::RunFinished { summary, .. } => {
                let Some((project, command)) = self.run.clone() else { return Ok(()) };
                let tally = self.progress.tally();
                let ended = Ended { project: &project, command, summary, tally };
                self.write(&format!("{}\n", ended.render(self.style)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code::Code;
    use crate::diag::diagnostic::Diagnostic;
    use crate::report::rehearsal::{Paper, Script, came_up, failing, replacing};

    fn lines(script: &Script) -> String {
        let paper = Paper::default();
        let mut sink = PlainSink::new(Box::new(paper.clone()), Style::PLAIN, Arc::default());
        for event in &script.events {
            sink.emit(event).expect("paper takes all");
        }
        paper.text()
    }

    #[test]
    fn an_up_is_told_in_a_line_for_each_event_that_matters() {
        insta::assert_snapshot!(lines(&came_up()), @r"
        network poc_default: created
        vm1: started
        vm1: waiting for its engine
        vm1: engine up (2.2s)
        image nginx in vm1: copying
        vm1/db: started
        image nginx in vm1: copied
        vm1/db: ready
        vm1/web: started
        vm1/web: ready
        vm1: ready
        client: started
        + poc is up: 4 services changed, 1 unchanged (5.1s)
        ");
    }

    #[test]
    fn a_failure_is_told_once_and_what_it_holds_back_once_a_service() {
        insta::assert_snapshot!(lines(&failing()), @r"
        network poc_default: created
        vm1: started
        vm1: waiting for its engine
        vm1: engine up (2.2s)
        image nginx in vm1: copying
        vm1/db: started
        image nginx in vm1: copied
        vm1/db: failed: failed to wait for `vm1/db`: its health check fails: last check: connection refused
        vm1/web: skipped: vm1/db failed
        vm1: not ready: vm1/db failed
        client: skipped: vm1/db failed
        x poc is not up: 1 failed, 3 held back (4.7s)
        ");
    }

    #[test]
    fn a_recreate_is_one_line() {
        insta::assert_snapshot!(lines(&replacing()), @r"
        gone: stopping
        gone: removed
        web: recreated (configuration changed)
        web: ready
        + poc is up: 1 service changed, 1 removed, 1 unchanged (3.3s)
        ");
    }

    #[test]
    fn a_run_without_work_and_one_that_is_broken_off_say_so() {
        let nothing = Script::new("up").planned("", &[], &[], &["a", "b"]).finished(0, 0, 0);
        insta::assert_snapshot!(lines(&nothing), @"+ poc is up: nothing changed, 2 services (0.2s)");
        let warning = Diagnostic::warning(Code::NodePath, "`/data` would not survive").help("mount a volume");
        let broken = Script::new("up")
            .tell(EventKind::Warned { diagnostic: warning })
            .planned("", &[("start", "a", Some(Group::Up), crate::plan::cause::Cause::NotRunning)], &[], &[])
            .tell(EventKind::Cancelling { level: CancelLevel::Drain })
            .end(0, Outcome::Cancelled);
        let summary =
            crate::event::outcome::Summary { cancelled: 1, interrupted: true, ..Default::default() };
        let broken =
            broken.tell(EventKind::RunFinished { summary, services: Vec::new(), timings: Box::default() });
        insta::assert_snapshot!(lines(&broken), @r"
        warning: `/data` would not survive [nest::node-path]
          mount a volume
        breaking off: nothing new is started; once more to stop at once
        a: cancelled
        # poc: up was broken off: 1 cancelled (0.0s)
        ");
    }

    #[test]
    fn a_closed_pipe_is_told_to_the_run() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut sink = PlainSink::new(Box::new(Closed), Style::PLAIN, Arc::default());
        let closed =
            came_up().events.iter().map(|event| sink.emit(event)).any(|result| result == Err(SinkClosed));
        assert!(closed);
    }
}
