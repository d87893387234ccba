//! The framing of attached streams: standard output and error in one connection, each piece behind 8 bytes
//! `[kind, 0, 0, 0, length (big endian, 4 bytes)]` (Engine API, `POST /containers/{id}/attach`).

use std::fmt;

use bytes::{Buf, Bytes};
use hyper::header::{CONTENT_TYPE, HeaderMap};

use crate::engine::engine::OutputKind;

/// Whether a stream is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Frames of 8 bytes and a payload.
    Multiplexed,
    /// Bytes of a terminal, all of one kind.
    Raw,
}

impl Framing {
    /// By the head of the response (since API 1.42) or by what was asked for, never by looking at the bytes.
    /// Engines below 1.42 call both forms `raw-stream`, so only the new word counts.
    pub(super) fn of(headers: &HeaderMap, terminal: bool) -> Self {
        let multiplexed = headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/vnd.docker.multiplexed-stream"));
        if multiplexed || !terminal { Self::Multiplexed } else { Self::Raw }
    }
}

/// Takes a stream apart. Payloads are given out as they come, not whole frames: no frame is ever held.
#[derive(Debug)]
pub(super) struct Demux {
    framing: Framing,
    input: Bytes,
    header: [u8; 8],
    header_len: usize,
    kind: OutputKind,
    left: usize,
    /// Text of a frame in which the engine reports an error of its own.
    complaint: Option<Vec<u8>>,
}

/// Why a stream cannot be taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadFrame {
    /// The first byte of a frame is no kind.
    Kind(u8),
    /// The stream ended within a frame.
    Cut,
    /// The engine says that the stream failed.
    Engine(String),
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "the engine sent a frame of unknown kind {kind}"),
            Self::Cut => f.write_str("the stream ended within a frame"),
            Self::Engine(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for BadFrame {}

impl Demux {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            framing,
            input: Bytes::new(),
            header: [0; 8],
            header_len: 0,
            kind: OutputKind::Stdout,
            left: 0,
            complaint: None,
        }
    }

    /// Gives it bytes; call [`Demux::next`] until it has none before the next ones.
    pub(super) fn push(&mut self, bytes: Bytes) {
        debug_assert!(self.input.is_empty(), "the bytes given before are not used up");
        self.input = bytes;
    }

    /// The next piece; `None`: more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<(OutputKind, Bytes)>, BadFrame> {
        loop {
            if self.input.is_empty() {
                return Ok(None);
            }
            if self.framing == Framing::Raw {
                return Ok(Some((OutputKind::Stdout, std::mem::take(&mut self.input))));
            }
            if self.left == 0 {
                self.read_header()?;
                continue;
            }
            let piece = self.input.split_to(self.left.min(self.input.len()));
            self.left -= piece.len();
            let Some(complaint) = &mut self.complaint else { return Ok(Some((self.kind, piece))) };
            complaint.extend_from_slice(&piece);
            if self.left == 0 {
                return Err(BadFrame::Engine(String::from_utf8_lossy(complaint).trim().to_owned()));
            }
        }
    }

    /// Checks that the stream may end here.
    pub(super) fn finish(&self) -> Result<(), BadFrame> {
        if self.left == 0 && self.header_len == 0 { Ok(()) } else { Err(BadFrame::Cut) }
    }

    fn read_header(&mut self) -> Result<(), BadFrame> {
        let n = self.input.len().min(8 - self.header_len);
        self.input.copy_to_slice(&mut self.header[self.header_len..self.header_len + n]);
        self.header_len += n;
        if self.header_len < 8 {
            return Ok(());
        }
        self.header_len = 0;
        let [kind, _, _, _, length @ ..] = self.header;
        // A u32 fits a usize on every platform that runs an engine's client.
        self.left = u32::from_be_bytes(length) as usize;
        self.complaint = None;
        match kind {
            0 | 1 => self.kind = OutputKind::Stdout,
            2 => self.kind = OutputKind::Stderr,
            3 => self.complaint = Some(Vec::new()),
            other => return Err(BadFrame::Kind(other)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("a short payload");
        let mut out = vec![kind, 0, 0, 0];
        out.extend(length.to_be_bytes());
        out.extend(payload);
        out
    }

    fn read(framing: Framing, chunks: &[&[u8]]) -> Result<(String, String), BadFrame> {
        let mut demux = Demux::new(framing);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        for chunk in chunks {
            demux.push(Bytes::copy_from_slice(chunk));
            while let Some((kind, piece)) = demux.next()? {
                match kind {
                    OutputKind::Stdout => out.extend_from_slice(&piece),
                    OutputKind::Stderr => err.extend_from_slice(&piece),
                }
            }
        }
        demux.finish()?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ok((text(out), text(err)))
    }

    #[test]
    fn frames_are_read_the_same_wherever_the_stream_is_cut() {
        let mut stream = frame(1, b"hello ");
        stream.extend(frame(2, b"warning"));
        stream.extend(frame(1, b""));
        stream.extend(frame(1, b"world"));
        let whole = Ok(("hello world".to_owned(), "warning".to_owned()));
        assert_eq!(read(Framing::Multiplexed, &[&stream]), whole);
        for cut in 1..stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(read(Framing::Multiplexed, &[a, b]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(Framing::Multiplexed, &bytes), whole);
    }

    #[test]
    fn a_terminals_bytes_are_never_taken_for_frames() {
        let looks_framed = frame(1, b"x");
        let (out, _) = read(Framing::Raw, &[&looks_framed]).expect("raw");
        assert_eq!(out.as_bytes(), looks_framed);
    }

    #[test]
    fn a_broken_stream_says_how() {
        let stream = frame(1, b"hello");
        assert_eq!(read(Framing::Multiplexed, &[&stream[..10]]), Err(BadFrame::Cut));
        assert_eq!(read(Framing::Multiplexed, &[&stream[..3]]), Err(BadFrame::Cut));
        assert_eq!(read(Framing::Multiplexed, &[&frame(9, b"x")]), Err(BadFrame::Kind(9)));
        let complaint = frame(3, b"log file is gone\n");
        let said = Err(BadFrame::Engine("log file is gone".to_owned()));
        assert_eq!(read(Framing::Multiplexed, &[&complaint[..12], &complaint[12..]]), said);
    }

    #[test]
    fn only_the_header_or_a_terminal_decide_the_framing() {
        let mut headers = HeaderMap::new();
        assert_eq!(Framing::of(&headers, false), Framing::Multiplexed);
        assert_eq!(Framing::of(&headers, true), Framing::Raw);
        headers.insert(CONTENT_TYPE, "application/vnd.docker.raw-stream".parse().expect("a value"));
        assert_eq!(Framing::of(&headers, false), Framing::Multiplexed, "API 1.41 says so of both");
        headers.insert(CONTENT_TYPE, "application/vnd.docker.multiplexed-stream".parse().expect("a value"));
        assert_eq!(Framing::of(&headers, true), Framing::Multiplexed);
    }
}
