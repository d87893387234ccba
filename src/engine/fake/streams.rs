//! Bytes as streams, and an exec's session.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;

use crate::engine::engine::{ByteStream, Call, ExecControl, ExecSession, OutputKind, OutputStream};
use crate::engine::error::EngineError;
use crate::model::failure::FailureKind;

/// Small and odd, so that readers meet every way of cutting.
const CHUNK: usize = 1_021;

/// Bytes as a stream, broken after `breaks` of them if that is asked for.
pub(super) fn stream_of(bytes: Vec<u8>, op: &'static str, target: &str, breaks: Option<usize>) -> ByteStream {
    let mut bytes = Bytes::from(bytes);
    let end = breaks.map(|n| {
        bytes.truncate(n);
        Err(EngineError::new(op, target, FailureKind::Unreachable, "the connection broke"))
    });
    let mut chunks: Vec<Result<Bytes, EngineError>> = Vec::new();
    while !bytes.is_empty() {
        chunks.push(Ok(bytes.split_to(CHUNK.min(bytes.len()))));
    }
    chunks.extend(end);
    stream::iter(chunks).boxed()
}

/// Everything that a stream holds, or the error at which it broke.
pub(super) async fn all_of(stream: ByteStream) -> Result<Vec<u8>, EngineError> {
    let add = |mut all: BytesMut, chunk: Bytes| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    };
    stream.try_fold(BytesMut::new(), add).await.map(|all| all.to_vec())
}

/// A session whose output is known.
pub(super) fn answered(output: Vec<u8>, code: i64) -> ExecSession {
    let chunk = (!output.is_empty()).then(|| Ok((OutputKind::Stdout, Bytes::from(output))));
    ExecSession {
        output: stream::iter(chunk).boxed(),
        input: Box::pin(tokio::io::sink()),
        control: Arc::new(Ended(code)),
    }
}

/// A session that gives back what it reads, until its input is shut down.
pub(super) fn echo() -> ExecSession {
    let (input, output) = tokio::io::simplex(CHUNK);
    let (reader, writer) = (input, output);
    let output: OutputStream = stream::unfold(reader, |mut reader| async move {
        let mut buffer = vec![0; CHUNK];
        match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => None,
            Ok(n) => {
                buffer.truncate(n);
                Some((Ok((OutputKind::Stdout, Bytes::from(buffer))), reader))
            }
        }
    })
    .boxed();
    ExecSession { output, input: Box::pin(writer), control: Arc::new(Ended(0)) }
}

/// An exec that ends with this code.
struct Ended(i64);

impl ExecControl for Ended {
    fn resize(&self, _rows: u16, _columns: u16) -> Call<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn exit_code(&self) -> Call<'_, Option<i64>> {
        let code = self.0;
        let answer: BoxFuture<'_, Result<Option<i64>, EngineError>> = Box::pin(async move { Ok(Some(code)) });
        answer
    }
}
