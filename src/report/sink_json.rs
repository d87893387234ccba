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
