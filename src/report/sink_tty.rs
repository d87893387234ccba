//! The tree of layers filling in, redrawn in place.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::diag::source::SourceMap;
use crate::event::event::{CancelLevel, Event, EventKind};
use crate::event::sink::{Sink, SinkClosed};
use crate::model::name::ProjectName;

use super::diagnostic;
use super::frame::{Frame, Size};
use super::progress::Progress;
use super::style::{Style, Symbol, Tone};
use super::summary::Ended;
use super::words::{looking_again, retrying, said, subject};

/// The screen is redrawn at most so often.
const FRAME: Duration = Duration::from_millis(100);

/// Asks for the size of the terminal, which may change.
pub type SizeOf = Box<dyn Fn() -> Size + Send>;

/// The tree.
pub struct TtySink {
    out: Box<dyn Write + Send>,
    style: Style,
    size: SizeOf,
    sources: Arc<SourceMap>,
    progress: Progress,
    run: Option<(ProjectName, &'static str)>,
    cancelling: Option<CancelLevel>,
    /// When the run began, by this sink's clock; events carry the time since.
    began: Instant,
    drawn_at: Option<Instant>,
    /// Lines on the screen that belong to the tree.
    n_lines: usize,
    n_frames: usize,
}

impl TtySink {
    /// Draws on `out`. `sources`: the texts that warnings point into.
    pub fn new(out: Box<dyn Write + Send>, style: Style, size: SizeOf, sources: Arc<SourceMap>) -> Self {
        Self {
            out,
            style,
            size,
            sources,
            progress: Progress::default(),
            run: None,
            cancelling: None,
            began: Instant::now(),
            drawn_at: None,
            n_lines: 0,
            n_frames: 0,
        }
    }

    fn draw(&mut self) -> Result<(), SinkClosed> {
        let now = self.began.elapsed();
        let size = (self.size)();
        let frame = Frame { style: self.style, size, spinner: self.n_frames };
        let mut lines = frame.tree(&self.progress, now);
        lines.push(frame.status_line(&self.progress, self.run.as_ref(), self.cancelling, now));
        self.n_frames += 1;
        self.drawn_at = Some(Instant::now());
        self.put(&lines)
    }

    /// Puts these lines in place of those on the screen.
    fn put(&mut self, lines: &[String]) -> Result<(), SinkClosed> {
        // One write a frame: a terminal that shows half of one flickers.
        let mut text = String::from("\x1b[?2026h\x1b[?25l");
        self.back(&mut text);
        for line in lines {
            text.push_str(line);
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J\x1b[?2026l");
        self.n_lines = lines.len();
        self.write(&text)
    }

    /// Back to the first line of the tree.
    fn back(&self, text: &mut String) {
        text.push('\r');
        if self.n_lines > 0 {
            write!(text, "\x1b[{}A", self.n_lines).expect("writing to a string cannot fail");
        }
    }

    /// Puts lines above the tree that stay.
    fn print_above(&mut self, said: &str) -> Result<(), SinkClosed> {
        let mut text = String::new();
        self.back(&mut text);
        text.push_str("\x1b[J");
        text.push_str(said);
        self.n_lines = 0;
        self.write(&text)?;
        self.draw()
    }

    fn write(&mut self, text: &str) -> Result<(), SinkClosed> {
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|_| SinkClosed)
    }

    fn is_due(&self) -> bool {
        self.run.is_some() && self.drawn_at.is_none_or(|at| at.elapsed() >= FRAME)
    }
}

impl Sink for TtySink {
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed> {
        self.progress.apply(event);
        match &event.kind {
            EventKind::RunStarted { project, command } => {
                self.run = Some((project.clone(), command));
                self.began = Instant::now().checked_sub(event.at).unwrap_or_else(Instant::now);
                self.draw()
            }
            EventKind::Warned { diagnostic } => {
                let columns = (self.size)().columns;
                let said = diagnostic::render(diagnostic, &self.sources, self.style, columns.min(100));
                self.print_above(&said)
            }
            EventKind::StepSaid { step, line } => {
                let Some(state) = self.progress.step(*step) else { return Ok(()) };
                let text = said(&subject(&state.info.of), line);
                self.print_above(&text)
            }
            EventKind::StepRetrying { step, because, pause } => {
                let Some(state) = self.progress.step(*step) else { return Ok(()) };
                let text = retrying(state.info.verb, because, *pause);
                self.print_above(&format!("{}: {text}\n", subject(&state.info.of)))
            }
            EventKind::LookingAgain { because, .. } => self.print_above(&looking_again(because)),
            EventKind::Surveyed { silent, .. } => {
                let mut said = String::new();
                for layer in silent {
                    let text = format!(
                        "{} {layer}: its engine does not answer\n",
                        self.style.symbol(Symbol::Warning)
                    );
                    self.style.paint_into(&mut said, Tone::Warn, &text);
                }
                if said.is_empty() { Ok(()) } else { self.print_above(&said) }
            }
            EventKind::Cancelling { level } => {
                self.cancelling = Some(*level);
                self.draw()
            }
            EventKind::LayerPlanned { .. }
            | EventKind::StepStarted { .. }
            | EventKind::StepProgress { .. }
            | EventKind::StepWaiting { .. }
            | EventKind::StepFinished { .. } => {
                if self.is_due() {
                    self.draw()
                } else {
                    Ok(())
                }
            }
            EventKind::RunFinished { summary, .. } => {
                let Some((project, command)) = self.run.take() else { return Ok(()) };
                let tally = self.progress.tally();
                let frame = Frame { style: self.style, size: (self.size)(), spinner: 0 };
                let ended = Ended { project: &project, command, summary, tally };
                let mut lines = frame.last_tree(&self.progress, event.at);
                lines.push(ended.render(self.style));
                self.put(&lines)?;
                self.n_lines = 0;
                self.write("\x1b[?25h")
            }
        }
    }

    fn tick(&mut self) {
        if self.is_due() {
            // A closed terminal shows at the next event.
            let _ = self.draw();
        }
    }
}

impl Drop for TtySink {
    /// The cursor comes back also when the run ends by a panic.
    fn drop(&mut self) {
        let _ = self.write("\x1b[?25h");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rehearsal::{Paper, came_up, failing};

    /// What a terminal of 80 columns shows after these bytes: enough of one for what the sink writes.
    fn screen(bytes: &str) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut row = 0;
        let mut rest = bytes;
        while let Some(c) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic()).expect("a whole sequence");
                let argument = &sequence[..end];
                match &sequence[end..=end] {
                    "A" => {
                        row -= argument.parse::<usize>().expect("a number");
                        lines[row].clear();
                    }
                    "J" => lines.truncate(row),
                    "K" | "h" | "l" => {}
                    other => panic!("unexpected sequence {argument}{other}"),
                }
                rest = &sequence[end + 1..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            while lines.len() <= row {
                lines.push(String::new());
            }
            match c {
                '\r' => lines[row].clear(),
                '\n' => {
                    row += 1;
                    if let Some(line) = lines.get_mut(row) {
                        line.clear();
                    }
                }
                c => lines[row].push(c),
            }
        }
        lines
    }

    fn shown(script: &crate::report::rehearsal::Script) -> (String, String) {
        let paper = Paper::default();
        let size = Box::new(|| Size { columns: 80, rows: 24 });
        let style = Style { color: false, unicode: true };
        let mut sink = TtySink::new(Box::new(paper.clone()), style, size, Arc::default());
        for event in &script.events {
            sink.emit(event).expect("paper takes all");
        }
        (screen(&paper.text()).join("\n"), paper.text())
    }

    #[test]
    fn frames_are_drawn_over_one_another_and_the_last_one_stays() {
        insta::assert_snapshot!(shown(&came_up()).0, @r"
        ✔ client  started                                                          0.1s
        ✔ old     unchanged
        ✔ vm1     ready                                                            4.3s
        ✔ ├─ db   ready                                                            0.8s
        ✔ └─ web  ready                                                            0.3s
        ✔ poc is up: 4 services changed, 1 unchanged (5.1s)
        ");
        insta::assert_snapshot!(shown(&failing()).0, @r"
        ○ client  skipped: vm1/db failed
        ✔ old     unchanged
        ▲ vm1     not ready: vm1/db failed                                         4.0s
        ✘ ├─ db   its health check fails                                           0.8s
        ○ └─ web  skipped: vm1/db failed
        ✘ poc is not up: 1 failed, 3 held back (4.7s)
        ");
    }

    #[test]
    fn the_cursor_is_shown_again_at_the_end() {
        let written = shown(&came_up()).1;
        assert!(written.contains("\x1b[?25l"));
        assert!(written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l"));
    }
}
