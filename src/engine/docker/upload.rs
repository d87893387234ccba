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
use crate::engine::limits::Limits;

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
pub(super) struct Upload {
    progress: Arc<Mutex<Progress>>,
    limits: Limits,
}

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
    pub(super) fn new(archive: ByteStream, limits: Limits) -> (Self, Body) {
        let progress = Arc::new(Mutex::new(Progress::AtTheEngine(Instant::now())));
        let upload = Self { progress, limits };
        let body = bollard::body_try_stream(Source { archive, upload: upload.clone() });
        (upload, body)
    }

    fn set(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// How long the engine has still time, and what is to be said when it is over.
    fn deadline(&self) -> Option<(Instant, Duration, &'static str)> {
        match &*self.progress.lock().unwrap_or_else(PoisonError::into_inner) {
            Progress::AtTheEngine(since) => {
                let limit = self.limits.deafness();
                Some((*since + limit, limit, "the engine has taken no byte"))
            }
            Progress::Sent(since) => {
                let limit = self.limits.digest();
                Some((*since + limit, limit, "the engine has not finished with what it got"))
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
            let pause = deadline.map_or(Instant::now() + self.limits.deafness(), |(at, ..)| at);
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
        match &mut *self.progress.lock().unwrap_or_else(PoisonError::into_inner) {
            // Also when the engine was content with what it got: it did not get all.
            Progress::Broken(source) => match source.take() {
                Some(source) => Err(source),
                None => result,
            },
            _ => result,
        }
    }
}
