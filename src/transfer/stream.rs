//! Streams of bytes: made from memory, counted, filtered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use crate::engine::engine::ByteStream;
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;

use super::tar_filter::TarFilter;

/// Size of a piece of an archive that was made in memory.
const PIECE: usize = 64 * 1024;

/// Bytes as a stream.
pub(super) fn from_memory(bytes: Vec<u8>) -> ByteStream {
    let mut rest = Bytes::from(bytes);
    let pieces =
        std::iter::from_fn(move || (!rest.is_empty()).then(|| Ok(rest.split_to(PIECE.min(rest.len())))));
    stream::iter(pieces).boxed()
}

/// Reads a stream to its end, at most `limit` bytes.
pub(super) async fn to_memory(
    mut source: ByteStream,
    limit: usize,
    op: &'static str,
    target: &str,
) -> Result<Vec<u8>, EngineError> {
    let mut all = Vec::new();
    while let Some(piece) = source.next().await {
        let piece = piece?;
        if all.len() + piece.len() > limit {
            let why = format!("it is larger than {limit} bytes");
            return Err(EngineError::new(op, target, FailureKind::Engine, why));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

/// What became known of a stream while somebody else read it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Why the source broke.
    pub(super) broke: Option<EngineError>,
    /// Bytes handed on.
    pub(super) sent: u64,
}

/// Passes an archive through a filter. `read` is called with the bytes read so far. If the source breaks or ends
/// too early, the stream ends in an error, and the cause is kept in the answer's second half, because the
/// consumer may wrap what it was given beyond recognition.
pub(super) fn through(
    source: ByteStream,
    filter: TarFilter,
    read: impl Fn(u64) + Send + Sync + 'static,
    target: &str,
) -> (ByteStream, Arc<Mutex<Watched>>) {
    let watched = Arc::new(Mutex::new(Watched::default()));
    let state = Passage {
        source,
        filter,
        ready: VecDeque::new(),
        watched: Arc::clone(&watched),
        n_read: 0,
        target: target.to_owned(),
        over: false,
    };
    let passed = stream::unfold((state, read), |(mut state, read)| async move {
        let item = state.next(&read).await?;
        Some((item, (state, read)))
    });
    (passed.boxed(), watched)
}

struct Passage {
    source: ByteStream,
    filter: TarFilter,
    ready: VecDeque<Bytes>,
    watched: Arc<Mutex<Watched>>,
    n_read: u64,
    target: String,
    over: bool,
}

impl Passage {
    async fn next(&mut self, read: &(impl Fn(u64) + Sync)) -> Option<Result<Bytes, EngineError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                self.watched.lock().expect("no panic while locked").sent += piece.len() as u64;
                return Some(Ok(piece));
            }
            if self.over {
                return None;
            }
            match self.source.next().await {
                Some(Ok(piece)) => {
                    self.n_read += piece.len() as u64;
                    read(self.n_read);
                    self.ready.extend(self.filter.push(piece));
                }
                Some(Err(error)) => return Some(Err(self.fail(error))),
                None => {
                    self.over = true;
                    if let Err(reason) = self.filter.finish() {
                        let op = "read image archive";
                        let error =
                            EngineError::new(op, &self.target, FailureKind::Unreachable, reason.to_string());
                        return Some(Err(self.fail(error)));
                    }
                }
            }
        }
    }

    fn fail(&mut self, error: EngineError) -> EngineError {
        self.over = true;
        let told =
            EngineError::new(error.op, error.target.clone(), error.kind, "the source of the archive broke");
        self.watched.lock().expect("no panic while locked").broke = Some(error);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_archive_that_ends_without_a_word_is_broken_all_the_same() {
        let whole = tar::Builder::new(Vec::new()).into_inner().expect("in memory");
        for (archive, is_whole) in [(whole.clone(), true), (whole[..300].to_vec(), false)] {
            let filter = TarFilter::new(|_| false);
            let (passed, watched) = through(from_memory(archive), filter, |_| {}, "app");
            let ends_well = passed.map(|piece| piece.is_ok()).collect::<Vec<_>>().await.last().copied();
            let broke = watched.lock().expect("no panic").broke.take();
            assert_eq!((ends_well, broke.is_none()), (Some(is_whole), is_whole));
        }
    }

    #[tokio::test]
    async fn reading_stops_at_the_limit() {
        let read = |size: usize| to_memory(from_memory(vec![0; size]), 100, "get files", "web");
        assert_eq!(read(100).await.expect("it fits").len(), 100);
        assert!(read(101).await.is_err());
    }
}
