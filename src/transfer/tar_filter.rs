//! Leaving entries out of a tar archive while it streams.
//!
//! Works on pieces cut anywhere and holds no more than one header and one long name at a time. What it does not
//! understand it passes on unchanged, together with all that follows.

use std::fmt;

use bytes::{Bytes, BytesMut};

const BLOCK: usize = 512;
/// A name longer than this is not read: the entry is kept.
const LONGEST_NAME: u64 = 1 << 20;

/// A filter of one archive.
pub struct TarFilter {
    drop: Box<dyn Fn(&str) -> bool + Send>,
    state: State,
    /// The header that is being read, or the body of an entry that says something of the next one.
    partial: BytesMut,
    /// Entries that say something of the next one: they go where it goes.
    held: Vec<Bytes>,
    long_name: Option<String>,
    long_size: Option<u64>,
}

/// The archive ended before its end mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated;

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the archive ends before its end mark")
    }
}

impl std::error::Error for Truncated {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Reading a header.
    Header,
    /// Passing on or leaving out so many bytes of a body and its padding.
    Body { left: u64, keep: bool },
    /// Reading a body that says something of the next entry: `left` with padding, `size` without.
    Extension { left: u64, size: u64, kind: u8 },
    /// Behind the end mark.
    End,
    /// Something that is not understood.
    Unknown,
}

impl TarFilter {
    /// A filter that leaves out regular files for whose names `drop` says so.
    pub fn new(drop: impl Fn(&str) -> bool + Send + 'static) -> Self {
        Self {
            drop: Box::new(drop),
            state: State::Header,
            partial: BytesMut::new(),
            held: Vec::new(),
            long_name: None,
            long_size: None,
        }
    }

    /// Takes a piece of the archive and gives what of it goes on.
    pub fn push(&mut self, mut piece: Bytes) -> Vec<Bytes> {
        let mut out = Vec::new();
        while !piece.is_empty() {
            match self.state {
                State::End | State::Unknown => out.push(std::mem::take(&mut piece)),
                State::Body { left, keep } => {
                    let part = split(&mut piece, left);
                    let left = left - part.len() as u64;
                    self.state = if left == 0 { State::Header } else { State::Body { left, keep } };
                    if keep {
                        out.push(part);
                    }
                }
                State::Extension { left, size, kind } => {
                    let part = split(&mut piece, left);
                    let left = left - part.len() as u64;
                    self.partial.extend_from_slice(&part);
                    self.state = State::Extension { left, size, kind };
                    if left == 0 {
                        self.read_extension(size, kind);
                    }
                }
                State::Header => {
                    let part = split(&mut piece, (BLOCK - self.partial.len()) as u64);
                    self.partial.extend_from_slice(&part);
                    if self.partial.len() == BLOCK {
                        let header = self.partial.split().freeze();
                        self.read_header(header, &mut out);
                    }
                }
            }
        }
        out
    }

    /// Says whether the archive may end here. One that is not understood may end anywhere.
    pub fn finish(&self) -> Result<(), Truncated> {
        if matches!(self.state, State::End | State::Unknown) { Ok(()) } else { Err(Truncated) }
    }

    fn read_extension(&mut self, size: u64, kind: u8) {
        let body = self.partial.split().freeze();
        let content = &body[..usize::try_from(size).unwrap_or(usize::MAX).min(body.len())];
        match kind {
            b'L' => {
                let name = content.split(|byte| *byte == 0).next().unwrap_or_default();
                self.long_name = Some(String::from_utf8_lossy(name).into_owned());
            }
            b'x' => {
                for (key, value) in pax_records(content) {
                    match key {
                        b"path" => self.long_name = Some(String::from_utf8_lossy(value).into_owned()),
                        b"size" => {
                            self.long_size =
                                std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        self.held.push(body);
        self.state = State::Header;
    }

    fn read_header(&mut self, header: Bytes, out: &mut Vec<Bytes>) {
        if header.iter().all(|byte| *byte == 0) {
            out.append(&mut self.held);
            out.push(header);
            self.state = State::End;
            return;
        }
        let kind = header[156];
        let (Some(size), true) = (number(&header[124..136]), checksum_fits(&header)) else {
            return self.give_up(header, out);
        };
        match kind {
            b'L' | b'K' | b'x' if size <= LONGEST_NAME => {
                self.held.push(header);
                self.state = State::Extension { left: padded(size), size, kind };
                if size == 0 {
                    self.state = State::Header;
                }
            }
            // Sparse files have more headers of their own; a name too long is not read.
            b'S' | b'L' | b'K' | b'x' => self.give_up(header, out),
            _ => {
                let is_file = matches!(kind, 0 | b'0' | b'7');
                // A global header stands for itself; it does not use up what was said of the next entry.
                let name = if kind == b'g' { None } else { self.long_name.take() };
                let size = if kind == b'g' { size } else { self.long_size.take().unwrap_or(size) };
                let name = name.unwrap_or_else(|| short_name(&header));
                let keep = !(is_file && (self.drop)(name.strip_prefix("./").unwrap_or(&name)));
                // Links and directories have no body, whatever their size says.
                let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
                if kind == b'g' {
                    out.push(header);
                } else if keep {
                    out.append(&mut self.held);
                    out.push(header);
                } else {
                    self.held.clear();
                }
                let left = padded(size);
                self.state = if left == 0 { State::Header } else { State::Body { left, keep } };
            }
        }
    }

    fn give_up(&mut self, header: Bytes, out: &mut Vec<Bytes>) {
        out.append(&mut self.held);
        out.push(header);
        self.state = State::Unknown;
    }
}

fn split(piece: &mut Bytes, most: u64) -> Bytes {
    let n = usize::try_from(most).unwrap_or(usize::MAX).min(piece.len());
    piece.split_to(n)
}

fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

/// A number field: octal text, or base 256 with the first bit set (GNU, for sizes over 8 GiB).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        // A negative number has all bits of the first byte set and is not a size.
        let (high, low) = field.split_at(field.len().saturating_sub(8).max(1));
        let fits = high[0] == 0x80 && high[1..].iter().all(|byte| *byte == 0);
        return fits.then(|| low.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(|c: char| c == '\0' || c == ' ');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn checksum_fits(header: &[u8]) -> bool {
    let field = 148..156;
    let bytes = header.iter().enumerate().map(|(at, byte)| if field.contains(&at) { b' ' } else { *byte });
    number(&header[field.clone()]) == Some(bytes.map(u64::from).sum())
}

fn short_name(header: &[u8]) -> String {
    let text = |field: &[u8]| {
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    let name = text(&header[..100]);
    let prefix = if &header[257..263] == b"ustar\0" { text(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// Records of a PAX header: `<length> <key>=<value>\n`. Stops at the first that is not one.
fn pax_records(mut content: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut records = Vec::new();
    while let Some(space) = content.iter().position(|byte| *byte == b' ') {
        let length = std::str::from_utf8(&content[..space]).ok().and_then(|text| text.parse::<usize>().ok());
        let Some(record) = length.and_then(|length| content.get(space + 1..length)) else { break };
        let Some(record) = record.strip_suffix(b"\n") else { break };
        let Some(equals) = record.iter().position(|byte| *byte == b'=') else { break };
        records.push((&record[..equals], &record[equals + 1..]));
        content = &content[space + record.len() + 2..];
    }
    records
}

#[cfg(test)]
mod tests;
