//! One JSON object an event: see [`super::json::event`].

use std::io::Write;
use std::sync::Arc;

use crate::diag::source::SourceMap;
use crate::event::event::Event;
use crate::event::sink::{Sink, SinkClosed};

use super::json::convert::line;

/// JSON lines.
pub struct JsonSink {
    out: Box<dyn Write + Send>,
    sources: Arc<SourceMap>,
}

impl JsonSink {
    /// Writes to `out`. `sources`: the texts that warnings point into.
    pub fn new(out: Box<dyn Write + Send>, sources: Arc<SourceMap>) -> Self {
        Self { out, sources }
    }
}

impl Sink for JsonSink {
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed> {
        let text = line(event, &self.sources);
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|_| SinkClosed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rehearsal::{Paper, failing};

    #[test]
    fn every_event_is_one_object_on_one_line() {
        let paper = Paper::default();
        let mut sink = JsonSink::new(Box::new(paper.clone()), Arc::default());
        for event in &failing().events {
            sink.emit(event).expect("paper takes all");
        }
        let text = paper.text();
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(value["v"], 1, "{line}");
            assert!(value["seq"].is_u64() && value["at"].is_f64() && value["event"].is_string(), "{line}");
        }
        let some: Vec<&str> = text.lines().filter(|line| !line.contains("layer-planned")).collect();
        insta::assert_snapshot!(some.join("\n"), @r#"
        {"v":1,"seq":0,"at":0.0,"event":"run-started","project":"poc","command":"up"}
        {"v":1,"seq":1,"at":0.1,"event":"surveyed","answered":["/"],"silent":[]}
        {"v":1,"seq":3,"at":0.3,"event":"step-started","step":0}
        {"v":1,"seq":4,"at":0.4,"event":"step-finished","step":0,"outcome":"done","took":0.1}
        {"v":1,"seq":5,"at":0.5,"event":"step-started","step":1}
        {"v":1,"seq":6,"at":0.6,"event":"step-finished","step":1,"outcome":"done","took":0.1}
        {"v":1,"seq":7,"at":0.7,"event":"step-started","step":2}
        {"v":1,"seq":8,"at":0.8,"event":"step-finished","step":2,"outcome":"done","took":0.1}
        {"v":1,"seq":9,"at":0.9,"event":"step-started","step":3}
        {"v":1,"seq":10,"at":1.0,"event":"step-waiting","step":3,"on":"boot"}
        {"v":1,"seq":11,"at":3.1,"event":"step-finished","step":3,"outcome":"done","took":2.2}
        {"v":1,"seq":13,"at":3.3,"event":"step-started","step":6}
        {"v":1,"seq":14,"at":3.4,"event":"step-started","step":7}
        {"v":1,"seq":15,"at":3.5,"event":"step-finished","step":7,"outcome":"done","took":0.1}
        {"v":1,"seq":16,"at":3.6,"event":"step-started","step":8}
        {"v":1,"seq":17,"at":3.7,"event":"step-finished","step":8,"outcome":"done","took":0.1}
        {"v":1,"seq":18,"at":3.8,"event":"step-started","step":9}
        {"v":1,"seq":19,"at":3.9,"event":"step-waiting","step":9,"on":"health"}
        {"v":1,"seq":20,"at":4.0,"event":"step-progress","step":6,"done":12345678,"total":80000000,"unit":"bytes"}
        {"v":1,"seq":21,"at":4.1,"event":"step-finished","step":6,"outcome":"done","took":0.8}
        {"v":1,"seq":22,"at":4.2,"event":"step-finished","step":9,"outcome":"failed","failure":{"kind":"unhealthy","summary":"failed to wait for `vm1/db`","causes":["its health check fails","last check: connection refused"],"log_of":"vm1/db","log":["2026-01-01 12:00:00.000 UTC [1] FATAL:  data directory \"/var/lib/postgresql/data\" has wrong ownership","\u001b[31mHINT:\u001b[0m\tThe server must be started by the user that owns it."]},"took":0.4}
        {"v":1,"seq":23,"at":4.3,"event":"step-finished","step":10,"outcome":"skipped","because":9,"took":0.0}
        {"v":1,"seq":24,"at":4.4,"event":"step-finished","step":11,"outcome":"skipped","because":9,"took":0.0}
        {"v":1,"seq":25,"at":4.5,"event":"step-finished","step":4,"outcome":"skipped","because":9,"took":0.0}
        {"v":1,"seq":26,"at":4.6,"event":"step-finished","step":5,"outcome":"skipped","because":9,"took":0.0}
        {"v":1,"seq":27,"at":4.7,"event":"run-finished","success":false,"changed":5,"failed":1,"skipped":4,"cancelled":0,"problems":0,"interrupted":false,"took":4.7,"services":[],"timings":{"total":0.0,"critical":0.0,"path":[],"layers":[],"actions":[]}}
        "#);
    }
}
