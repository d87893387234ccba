//! The logs of containers on any level.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt, select_all};

use crate::engine::engine::LogOptions;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::failure::Failure;
use crate::model::name::ProjectName;
use crate::model::time::{api_seconds, nanoseconds};
use crate::plan::ours;

use super::address::{check_all_match, is_meant};
use super::context::Ctx;
use super::error::OpError;
use super::follow::{self, Follow};
use super::log_lines::{LogLines, lines, merge};
use super::ps::{check_there, look_for};

/// Which logs, and which part of them.
#[derive(Clone, Debug)]
pub struct LogsOptions {
    /// The lab.
    pub project: ProjectName,
    /// Only these and what is inside them; empty: all.
    pub patterns: Vec<Pattern>,
    /// Goes on as more comes.
    pub follow: bool,
    /// The last so many lines of each container; `None`: all.
    pub tail: Option<u64>,
    /// From this time on.
    pub since: Option<LogTime>,
    /// Up to this time.
    pub until: Option<LogTime>,
    /// Where the files of locks are ([`super::lock::directory`]): logs are followed while a run is at work on the lab.
    pub locks: Option<PathBuf>,
}

/// A moment as people give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTime {
    /// Nanoseconds since 1970.
    At(i128),
    /// So long before now.
    Ago(Duration),
}

impl LogTime {
    /// Reads an RFC 3339 time or seconds since 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = || text.parse::<u64>().ok().map(|seconds| i128::from(seconds) * 1_000_000_000);
        nanoseconds(text).or_else(seconds).map(Self::At)
    }

    /// Seconds since 1970 with a fraction, as the Engine API takes them.
    pub(super) fn to_api(self) -> String {
        let nanos = match self {
            Self::At(nanos) => nanos,
            Self::Ago(ago) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i128::try_from(now.saturating_sub(ago).as_nanos()).unwrap_or(i128::MAX)
            }
        };
        api_seconds(nanos)
    }
}

/// Logs, opened.
pub struct Logs {
    /// The lines: in the order of time, or, when they are followed, as they come.
    pub lines: LogLines,
    /// Whose logs these are, in the order of addresses.
    pub addrs: Vec<Addr>,
    /// Layers whose engine does not answer: their logs are missing.
    pub silent: Vec<(LayerPath, Failure)>,
}

/// Opens the logs.
///
/// # Errors
/// When the root engine does not answer, an address names nothing, or a log cannot be opened.
pub async fn logs(ctx: &Ctx, options: &LogsOptions) -> Result<Logs, OpError> {
    let surveyed = look_for(ctx, &options.project, &options.patterns).await?;
    let all = ours::containers(&surveyed.known, &options.project);
    let mut known: Vec<Addr> = all.iter().map(|ours| ours.addr.clone()).collect();
    if check_all_match(&options.patterns, &known).is_err() || known.is_empty() {
        known = check_there(ctx, &options.project, &options.patterns, &surveyed.known).await?;
        if known.is_empty() {
            return Err(OpError::NotUp { project: options.project.to_string() });
        }
    }
    let request = LogOptions {
        follow: options.follow,
        tail: options.tail,
        since: options.since.map(LogTime::to_api),
        until: options.until.map(LogTime::to_api),
        // The order of time needs them, also where they are not shown.
        timestamps: true,
    };
    let meant: Vec<_> = all.iter().filter(|ours| is_meant(&options.patterns, &ours.addr)).collect();
    let addrs = meant.iter().map(|ours| ours.addr.clone()).collect();
    let silent = surveyed.known.silent().map(|(path, failure)| (path.clone(), failure.clone())).collect();
    // With an end that is given, a log ends also where its container goes on.
    if options.follow && options.until.is_none() {
        let follow = Follow {
            root: Arc::clone(&ctx.root),
            look: surveyed.options.clone(),
            project: options.project.clone(),
            patterns: options.patterns.clone(),
            request,
            locks: options.locks.clone(),
        };
        let mut told = follow::follow(follow, surveyed);
        let lines = stream::poll_fn(move |context| told.poll_recv(context)).boxed();
        return Ok(Logs { lines, addrs, silent });
    }
    let opened = join_all(meant.iter().map(|ours| {
        let engine = surveyed.engines.get(&ours.home).expect("a layer that answered has an engine");
        let request = &request;
        async move {
            let output = Arc::clone(&engine).logs(&ours.container.id, request).await?;
            Ok::<_, OpError>(lines(ours.addr.clone(), output))
        }
    }))
    .await;
    let opened: Vec<LogLines> = opened.into_iter().collect::<Result<_, _>>()?;
    let lines = if options.follow { select_all(opened).boxed() } else { merge(opened) };
    Ok(Logs { lines, addrs, silent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_sent_as_seconds_with_a_fraction() {
        let at = |text: &str| LogTime::parse(text).map(LogTime::to_api);
        assert_eq!(at("2000-02-29T12:00:00.5Z").as_deref(), Some("951825600.500000000"));
        assert_eq!(at("17").as_deref(), Some("17.000000000"));
        assert_eq!(at("yesterday"), None);
    }
}
