//! What the engine says of a running build, as facts: each vertex begins once and ends once, and output comes in whole
//! lines.

use std::collections::HashMap;
use std::time::Duration;

use super::message::{StatusResponse, Timestamp, Vertex};
use crate::engine::build::BuildNotes;
use crate::model::build::{BuildNote, VertexEnd};

/// A vertex that was told of.
#[derive(Default)]
struct Seen {
    number: u32,
    ended: bool,
    /// The begin of a line.
    part: Vec<u8>,
}

/// Turns answers into facts.
pub(super) struct Teller {
    notes: BuildNotes,
    seen: HashMap<String, Seen>,
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos)
}

impl Teller {
    pub(super) fn new(notes: BuildNotes) -> Self {
        Self { notes, seen: HashMap::new() }
    }

    fn tell(&self, note: BuildNote) {
        (self.notes)(note);
    }

    /// Tells what an answer holds, in the order in which it happened.
    pub(super) fn hear(&mut self, answer: StatusResponse) {
        for vertex in &answer.vertexes {
            self.begin(vertex);
        }
        for status in answer.statuses {
            let Some(vertex) = self.seen.get(&status.vertex).map(|seen| seen.number) else { continue };
            let number = |n: i64| u64::try_from(n).unwrap_or(0);
            let what = if status.name.is_empty() { status.id } else { status.name };
            let total = (status.total > 0).then(|| number(status.total));
            self.tell(BuildNote::Moved { vertex, what, done: number(status.current), total });
        }
        for log in answer.logs {
            self.log(&log.vertex, &log.text);
        }
        for warning in answer.warnings {
            self.tell(BuildNote::Warned { text: String::from_utf8_lossy(&warning.short).into_owned() });
        }
        for vertex in answer.vertexes {
            self.end(vertex);
        }
    }

    fn begin(&mut self, vertex: &Vertex) {
        if vertex.started.is_none() || self.seen.contains_key(&vertex.digest) {
            return;
        }
        let number = u32::try_from(self.seen.len() + 1).unwrap_or(u32::MAX);
        self.seen.insert(vertex.digest.clone(), Seen { number, ..Seen::default() });
        self.tell(BuildNote::Began { vertex: number, name: vertex.name.clone() });
    }

    fn end(&mut self, vertex: Vertex) {
        let (Some(started), Some(completed)) = (vertex.started, vertex.completed) else { return };
        let Some(seen) = self.seen.get_mut(&vertex.digest).filter(|seen| !seen.ended) else { return };
        seen.ended = true;
        let (number, part) = (seen.number, std::mem::take(&mut seen.part));
        if !part.is_empty() {
            self.tell(BuildNote::Line { vertex: number, text: line(&part) });
        }
        let end = match vertex.error {
            error if !error.is_empty() => VertexEnd::Failed(error),
            _ if vertex.cached => VertexEnd::Cached,
            _ => VertexEnd::Done,
        };
        let took = u64::try_from(nanos(completed) - nanos(started)).unwrap_or(0);
        self.tell(BuildNote::Ended { vertex: number, end, took: Duration::from_nanos(took) });
    }

    fn log(&mut self, vertex: &str, text: &[u8]) {
        let Some(seen) = self.seen.get_mut(vertex) else { return };
        seen.part.extend_from_slice(text);
        let number = seen.number;
        let mut lines: Vec<String> = Vec::new();
        while let Some(end) = seen.part.iter().position(|byte| *byte == b'\n') {
            let whole: Vec<u8> = seen.part.drain(..=end).collect();
            lines.push(line(&whole));
        }
        for text in lines {
            self.tell(BuildNote::Line { vertex: number, text });
        }
    }
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::engine::docker::build::message::VertexLog;

    #[test]
    fn a_vertex_begins_and_ends_once_and_lines_are_whole() {
        let told: Arc<Mutex<Vec<BuildNote>>> = Arc::default();
        let into = Arc::clone(&told);
        let mut teller = Teller::new(Arc::new(move |note| into.lock().expect("one thread").push(note)));
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let vertex =
            Vertex { digest: "a".to_owned(), name: "RUN x".to_owned(), started: at(1), ..Vertex::default() };
        let log =
            |text: &str| VertexLog { vertex: "a".to_owned(), stream: 1, text: text.as_bytes().to_vec() };
        teller.hear(StatusResponse {
            vertexes: vec![vertex.clone()],
            logs: vec![log("one\ntw")],
            ..StatusResponse::default()
        });
        let done = Vertex { completed: at(3), ..vertex };
        teller.hear(StatusResponse {
            vertexes: vec![done.clone(), done],
            logs: vec![log("o")],
            ..StatusResponse::default()
        });
        let line = |text: &str| BuildNote::Line { vertex: 1, text: text.to_owned() };
        let wanted = [
            BuildNote::Began { vertex: 1, name: "RUN x".to_owned() },
            line("one"),
            line("two"),
            BuildNote::Ended { vertex: 1, end: VertexEnd::Done, took: Duration::from_secs(2) },
        ];
        assert_eq!(*told.lock().expect("one thread"), wanted);
    }
}
