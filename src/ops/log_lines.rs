//! A container's log as lines, and several of them in the order of time.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::engine::engine::{OutputKind, OutputStream};
use crate::engine::error::EngineError;
use crate::model::addr::Addr;
use crate::model::time::nanoseconds;

/// One line of one container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Whose.
    pub addr: Addr,
    /// Which stream.
    pub kind: OutputKind,
    /// When, as the engine writes it (RFC 3339).
    pub time: String,
    /// The line without its end.
    pub line: Bytes,
}

/// Lines of one container or of several.
pub type LogLines = BoxStream<'static, Result<LogLine, EngineError>>;

/// Cuts a log that was asked for with timestamps into lines. A last line without an end is a line too.
pub fn lines(addr: Addr, output: OutputStream) -> LogLines {
    let state = Cutter {
        addr,
        output: Some(output),
        stdout: BytesMut::new(),
        stderr: BytesMut::new(),
        ready: VecDeque::new(),
    };
    stream::unfold(state, |mut state| async move { state.next().await.map(|line| (line, state)) }).boxed()
}

struct Cutter {
    addr: Addr,
    output: Option<OutputStream>,
    stdout: BytesMut,
    stderr: BytesMut,
    ready: VecDeque<LogLine>,
}

impl Cutter {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Ok(line));
            }
            match self.output.as_mut()?.next().await {
                Some(Ok((kind, bytes))) => self.take(kind, &bytes),
                Some(Err(error)) => {
                    self.output = None;
                    return Some(Err(error));
                }
                None => {
                    self.output = None;
                    for kind in [OutputKind::Stdout, OutputKind::Stderr] {
                        let rest = std::mem::take(self.buffer(kind));
                        if !rest.is_empty() {
                            let line = self.line(kind, &rest.freeze());
                            self.ready.push_back(line);
                        }
                    }
                    if self.ready.is_empty() {
                        return None;
                    }
                    return self.ready.pop_front().map(Ok);
                }
            }
        }
    }

    fn buffer(&mut self, kind: OutputKind) -> &mut BytesMut {
        match kind {
            OutputKind::Stdout => &mut self.stdout,
            OutputKind::Stderr => &mut self.stderr,
        }
    }

    fn take(&mut self, kind: OutputKind, bytes: &[u8]) {
        let mut scanned = self.buffer(kind).len();
        self.buffer(kind).extend_from_slice(bytes);
        while let Some(at) = self.buffer(kind)[scanned..].iter().position(|byte| *byte == b'\n') {
            let mut line = self.buffer(kind).split_to(scanned + at + 1);
            line.truncate(scanned + at);
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            let line = self.line(kind, &line.freeze());
            self.ready.push_back(line);
            scanned = 0;
        }
    }

    fn line(&self, kind: OutputKind, bytes: &Bytes) -> LogLine {
        let (time, line) = match bytes.iter().position(|byte| *byte == b' ') {
            Some(at) => (String::from_utf8_lossy(&bytes[..at]).into_owned(), bytes.slice(at + 1..)),
            None => (String::from_utf8_lossy(bytes).into_owned(), Bytes::new()),
        };
        LogLine { addr: self.addr.clone(), kind, time, line }
    }
}

/// Several logs in the order of time. Lines of one log keep their order; of lines with the same time the log that
/// stands first in `logs` comes first. An error ends its own log only.
pub fn merge(logs: Vec<LogLines>) -> LogLines {
    let waiting = logs.into_iter().map(|log| (None, Some(log))).collect();
    stream::unfold(Merge { waiting }, |mut merge| async move { merge.next().await.map(|line| (line, merge)) })
        .boxed()
}

/// The next line of a log with its time, and the log, unless it has ended.
type Waiting = (Option<(i128, LogLine)>, Option<LogLines>);

struct Merge {
    waiting: Vec<Waiting>,
}

impl Merge {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        for (head, log) in &mut self.waiting {
            if head.is_some() {
                continue;
            }
            let Some(lines) = log else { continue };
            match lines.next().await {
                Some(Ok(line)) => *head = Some((nanoseconds(&line.time).unwrap_or(i128::MIN), line)),
                Some(Err(error)) => {
                    *log = None;
                    return Some(Err(error));
                }
                None => *log = None,
            }
        }
        let first = self
            .waiting
            .iter_mut()
            .filter(|(head, _)| head.is_some())
            .min_by_key(|(head, _)| head.as_ref().map_or(i128::MAX, |(time, _)| *time))?;
        first.0.take().map(|(_, line)| Ok(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::FailureKind;

    fn log(addr: &str, chunks: &[(OutputKind, &str)]) -> LogLines {
        let chunks: Vec<_> =
            chunks.iter().map(|(kind, text)| Ok((*kind, Bytes::copy_from_slice(text.as_bytes())))).collect();
        lines(addr.parse().expect("an address"), stream::iter(chunks).boxed())
    }

    async fn text(log: LogLines) -> Vec<String> {
        log.map(|line| match line {
            Ok(line) => format!("{} {:?} {}", line.addr, line.kind, String::from_utf8_lossy(&line.line)),
            Err(error) => format!("! {error}"),
        })
        .collect()
        .await
    }

    #[tokio::test]
    async fn lines_are_put_together_from_chunks_of_each_stream() {
        use OutputKind::{Stderr, Stdout};
        let log = log(
            "a",
            &[(Stdout, "1Z one\n2Z tw"), (Stderr, "3Z err\r\n"), (Stdout, "o\n\n"), (Stdout, "4Z end")],
        );
        assert_eq!(
            text(log).await,
            ["a Stdout one", "a Stderr err", "a Stdout two", "a Stdout ", "a Stdout end"]
        );
    }

    #[tokio::test]
    async fn logs_are_merged_by_time_and_an_error_ends_its_own_log_only() {
        let stdout = OutputKind::Stdout;
        let a = log("a", &[(stdout, "2026-01-01T00:00:00Z a1\n2026-01-01T00:00:03Z a2\n")]);
        let b = log("b", &[(stdout, "2026-01-01T01:00:02+01:00 b1\n")]);
        let broken = EngineError::new("read log of", "b", FailureKind::Unreachable, "gone");
        let b = b.chain(stream::iter([Err(broken)])).boxed();
        assert_eq!(
            text(merge(vec![a, b])).await,
            ["a Stdout a1", "b Stdout b1", "! failed to read log of `b`", "a Stdout a2"]
        );
    }
}
