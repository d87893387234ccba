//! Request bodies that are streams: a broken source aborts the request, and a stalled one is noticed.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::StreamExt as _;
use tokio::time::Instant;

use super::error::Call;
use super::transport::Body;
use crate::engine::engine::ByteStream;
use crate::engine::error::EngineError;

/// Longest time in which the engine takes no byte of what is offered to it.
const STALL: Duration = Duration::from_secs(300);

/// Longest time that the engine works on what it has got. Unpacking gigabytes onto a busy disk is slow, and
/// nothing is said meanwhile.
const DIGEST: Duration = Duration::from_secs(3600);

enum Progress {
    /// The source has been asked for more. Its own limits count.
    AtTheSource,
    /// The engine is to take a piece, since then.
    AtTheEngine(Instant),
    /// All is sent, since then.
    Sent(Instant),
    /// The source failed.
    Broken(Option<EngineError>),
}

/// What is known of an upload while it runs.
#[derive(Clone)]
pub(super) struct Upload(Arc<Mutex<Progress>>);

struct Source {
    archive: ByteStream,
    upload: Upload,
}

impl Stream for Source {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.upload.set(Progress::AtTheSource);
        let item = ready!(self.archive.poll_next_unpin(cx));
        let now = Instant::now();
        Poll::Ready(match item {
            Some(Ok(bytes)) => {
                self.upload.set(Progress::AtTheEngine(now));
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                let text = error.to_string();
                self.upload.set(Progress::Broken(Some(error)));
                Some(Err(io::Error::other(text)))
            }
            None => {
                self.upload.set(Progress::Sent(now));
                None
            }
        })
    }
}

impl Upload {
    /// A body and the watch over it.
    pub(super) fn new(archive: ByteStream) -> (Self, Body) {
        let upload = Self(Arc::new(Mutex::new(Progress::AtTheEngine(Instant::now()))));
        let body = bollard::body_try_stream(Source { archive, upload: upload.clone() });
        (upload, body)
    }

    fn set(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// How long the engine has still time, and what is to be said when it is over.
    fn deadline(&self) -> Option<(Instant, Duration, &'static str)> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Progress::AtTheEngine(since) => Some((*since + STALL, STALL, "the engine has taken no byte")),
            Progress::Sent(since) => {
                Some((*since + DIGEST, DIGEST, "the engine has not finished with what it got"))
            }
            Progress::AtTheSource | Progress::Broken(_) => None,
        }
    }

    /// Runs the request. Where the source broke, its failure is the one that is told.
    pub(super) async fn watch<T>(
        self,
        call: &Call,
        request: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let mut request = std::pin::pin!(request);
        let result = loop {
            let deadline = self.deadline();
            let pause = deadline.map_or(Instant::now() + STALL, |(at, ..)| at);
            match tokio::time::timeout_at(pause, &mut request).await {
                Ok(result) => break result,
                Err(_) => {
                    if let Some((at, limit, what)) = self.deadline()
                        && at <= Instant::now()
                    {
                        return Err(call.timeout(what, limit));
                    }
                }
            }
        };
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // Also when the engine was content with what it got: it did not get all.
            Progress::Broken(source) => match source.take() {
                Some(source) => Err(source),
                None => result,
            },
            _ => result,
        }
    }
}
