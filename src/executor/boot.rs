//! The console line of a booting node: no exec before it, or the node's cgroups break (ENGINES.md P2).

use std::time::Duration;

use futures_util::StreamExt;

use crate::engine::engine::{Engine, LogOptions, OutputKind};
use crate::engine::error::EngineError;
use crate::model::observed::ContainerDetail;

use super::clock;
use super::log_tail::Lines;
use super::verdict::is_alive;

/// Time after which a broken log stream is opened again.
const AGAIN: Duration = Duration::from_millis(200);

/// How the wait for the line ended.
pub(super) enum Boot {
    /// The line was seen, or the node has run for so long that it must have been.
    Seen,
    /// The node ended before.
    Died(Box<ContainerDetail>),
}

/// Reads the text of the label `io.nestctl.boot`.
pub(super) fn words(label: &str) -> Vec<String> {
    label.split('\u{1f}').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Follows the node's log from its start until a line holds all `words` in order. The log keeps the lines of
/// earlier boots, so it is read from `StartedAt`.
pub(super) async fn boot(
    engine: &dyn Engine,
    container: &str,
    words: &[String],
    long_ago: Duration,
) -> Result<Boot, EngineError> {
    loop {
        let detail = engine.inspect(container).await?;
        if !is_alive(&detail) {
            return Ok(Boot::Died(Box::new(detail)));
        }
        if clock::age(&detail.started_at).is_some_and(|age| age > long_ago) {
            return Ok(Boot::Seen);
        }
        if seen(engine, container, words, &detail.started_at, true).await? {
            return Ok(Boot::Seen);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whether the node may be dialled now: it has printed the line, or has run for `long_ago`.
pub(super) async fn has_booted(
    engine: &dyn Engine,
    container: &str,
    words: &[String],
    long_ago: Duration,
) -> Result<bool, EngineError> {
    let detail = engine.inspect(container).await?;
    if clock::age(&detail.started_at).is_some_and(|age| age > long_ago) {
        return Ok(true);
    }
    seen(engine, container, words, &detail.started_at, false).await
}

async fn seen(
    engine: &dyn Engine,
    container: &str,
    words: &[String],
    since: &str,
    follow: bool,
) -> Result<bool, EngineError> {
    let options = LogOptions { follow, since: Some(since.to_owned()), ..LogOptions::default() };
    let mut output = engine.logs(container, &options).await?;
    let mut lines = Lines::default();
    // A stream that breaks is like one that ends: the caller looks at the container and begins anew.
    while let Some(Ok((kind, bytes))) = output.next().await {
        let ended = lines.push(kind, &bytes);
        if ended.iter().any(|line| has_words(line, words)) || is_in_open_line(&lines, kind, words) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A login prompt is a line that never ends.
fn is_in_open_line(lines: &Lines, kind: OutputKind, words: &[String]) -> bool {
    has_words(&lines.open(kind), words)
}

/// Whether `line` holds all `words`, one after the other; colour codes may stand between them.
fn has_words(line: &str, words: &[String]) -> bool {
    let mut rest = line;
    words.iter().all(|word| match rest.find(word.as_str()) {
        Some(at) => {
            rest = &rest[at + word.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_must_stand_in_one_line_in_order() {
        let words = words("Reached target\u{1f}Multi-User");
        assert!(has_words(
            "[\u{1b}[32m  OK  \u{1b}[0m] Reached target \u{1b}[1mMulti-User System\u{1b}[0m.",
            &words
        ));
        assert!(!has_words("Multi-User: Reached target", &words));
        assert!(!has_words("Reached target", &words));
    }
}
