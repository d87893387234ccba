//! The last lines of a container's log, for failures.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;

use crate::engine::engine::{Engine, LogOptions, OutputKind};
use crate::model::failure::LogTail;
use crate::model::time::{api_seconds, nanoseconds};

/// Lines that a failure shows.
const LINES: usize = 10;
/// Lines among which those are chosen.
const READ: u64 = 200;
/// A log that does not come within this time is left out: the failure itself must not hang.
const LIMIT: Duration = Duration::from_secs(5);
/// A line longer than this is cut: a program that never ends its line must not fill the memory.
const LONGEST: usize = 16 * 1024;

/// Engines note the start of a container a moment after its program runs, which may have written by then.
const BEFORE: i128 = 1_000_000_000;

/// The last lines that `container` wrote since `started_at` (so that lines of an earlier run do not explain this
/// one), named after `of`. `None` when there are none or they cannot be had.
pub(super) async fn log_tail(
    engine: &dyn Engine,
    container: &str,
    of: &str,
    started_at: Option<&str>,
) -> Option<LogTail> {
    let since = started_at.and_then(nanoseconds).map(|start| api_seconds((start - BEFORE).max(0)));
    let options = LogOptions { tail: Some(READ), since, ..LogOptions::default() };
    let read = async {
        let mut output = engine.logs(container, &options).await.ok()?;
        let mut lines = Lines::default();
        let mut all = Vec::new();
        while let Some(Ok((kind, bytes))) = output.next().await {
            all.extend(lines.push(kind, &bytes));
        }
        all.extend(lines.rest());
        Some(all)
    };
    let lines = tokio::time::timeout(LIMIT, read).await.ok().flatten()?;
    let lines = that_matter(lines);
    if lines.is_empty() { None } else { Some(LogTail { of: of.to_owned(), lines }) }
}

/// The last lines, and of a daemon's log those that tell of trouble, if any do: dockerd, containerd and podman write
/// `time="…" level=info msg=…`, hundreds of lines at a start. The time is left out, as the lines are cut to fit.
fn that_matter(mut lines: Vec<String>) -> Vec<String> {
    let is_chatter = |line: &String| {
        line.starts_with("time=\"") && (line.contains(" level=info ") || line.contains(" level=debug "))
    };
    if !lines.iter().all(is_chatter) {
        lines.retain(|line| !is_chatter(line));
    }
    let mut last = lines.split_off(lines.len().saturating_sub(LINES));
    for line in &mut last {
        let rest = line.strip_prefix("time=\"").and_then(|rest| rest.split_once("\" level="));
        if let Some((_, rest)) = rest {
            *line = format!("level={rest}");
        }
    }
    last
}

/// Cuts a log into lines. Standard output and standard error are cut apart: a chunk of one may end in the
/// middle of a line of the other.
#[derive(Default)]
pub(super) struct Lines {
    open: [Vec<u8>; 2],
}

impl Lines {
    /// Takes a chunk and gives the lines that it ends.
    pub(super) fn push(&mut self, kind: OutputKind, bytes: &Bytes) -> Vec<String> {
        let open = &mut self.open[usize::from(kind == OutputKind::Stderr)];
        let mut ended = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            open.extend_from_slice(piece);
            if piece.ends_with(b"\n") || open.len() > LONGEST {
                ended.push(text(open));
                open.clear();
            }
        }
        ended
    }

    /// The line that is not ended, as far as it goes.
    pub(super) fn open(&self, kind: OutputKind) -> String {
        text(&self.open[usize::from(kind == OutputKind::Stderr)])
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> Vec<String> {
        self.open.iter_mut().filter(|open| !open.is_empty()).map(|open| text(&std::mem::take(open))).collect()
    }
}

/// A line without its end; a terminal's lines end in CR LF.
fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_daemons_log_the_trouble_is_shown() {
        let info = r#"time="2026-11-23T22:37:38Z" level=info msg="loading plugin""#.to_owned();
        let error = r#"time="2026-11-23T22:37:38Z" level=error msg="no cgroups""#.to_owned();
        let plain = "failed to start daemon".to_owned();
        assert_eq!(
            that_matter(vec![error, plain, info.clone()]),
            [r#"level=error msg="no cgroups""#, "failed to start daemon"]
        );
        assert_eq!(that_matter(vec![info; 11]), vec![r#"level=info msg="loading plugin""#; LINES]);
    }

    #[test]
    fn lines_are_put_together_from_pieces_of_two_streams() {
        let mut lines = Lines::default();
        let mut all = lines.push(OutputKind::Stdout, &Bytes::from("a\r\nb"));
        all.extend(lines.push(OutputKind::Stderr, &Bytes::from("oops\n")));
        assert_eq!(lines.open(OutputKind::Stdout), "b");
        all.extend(lines.push(OutputKind::Stdout, &Bytes::from("c\nd")));
        all.extend(lines.rest());
        assert_eq!(all, ["a", "oops", "bc", "d"]);
    }
}
