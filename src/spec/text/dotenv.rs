//! `.env` files and `env_file`s, as Compose reads them (compose-go `dotenv/parser.go`).

use std::collections::HashMap;
use std::ops::Range;

use super::interpolate::{Lookup, interpolate};

/// What a file of variables says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// Names and values in the order of the file; `None`: a name without `=`, taken from the environment.
    pub(crate) list: Vec<(String, Option<String>)>,
    /// What is wrong, and where.
    pub(crate) faults: Vec<Wrong>,
    /// Where in the list the last value of a name stands.
    last: HashMap<String, usize>,
    /// Bytes of all values.
    bytes: usize,
}

/// Bytes of all values of a file; variables made of variables grow fast.
const LIMIT: usize = 16 << 20;

/// One thing that is wrong in a file of variables.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
    /// Where.
    pub(crate) range: Range<usize>,
}

impl Variables {
    fn add(&mut self, name: String, value: Option<String>) {
        self.bytes += value.as_ref().map_or(0, String::len);
        self.last.insert(name.clone(), self.list.len());
        self.list.push((name, value));
    }

    fn value_of(&self, name: &str) -> Option<String> {
        self.list.get(*self.last.get(name)?)?.1.clone()
    }

    fn wrong(&mut self, message: impl Into<String>, help: &str, range: Range<usize>) {
        self.faults.push(Wrong { message: message.into(), help: help.to_owned(), range });
    }
}

/// Reads a file. Variables in values are those of `look_up`, else those above in the file.
pub(crate) fn parse(text: &str, look_up: &Lookup) -> Variables {
    let mut out = Variables::default();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        at = statement(text, at, look_up, &mut out);
        if out.bytes > LIMIT {
            out.wrong(
                "the values are longer than 16 MiB together",
                "Check for variables made of variables.",
                at..at,
            );
            break;
        }
    }
    out
}

/// Reads a file in `raw` format: each line is `NAME=value` to its end, nothing means anything.
pub(crate) fn parse_raw(text: &str) -> Variables {
    let mut out = Variables::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        if !body.trim().is_empty() && !body.trim_start().starts_with('#') {
            match body.split_once('=') {
                Some((name, value)) if !name.trim().is_empty() => {
                    out.add(name.trim().to_owned(), Some(value.to_owned()));
                }
                Some(_) => out.wrong("a value has no name", "Write `NAME=value`.", at..at + body.len()),
                None => out.add(body.trim().to_owned(), None),
            }
        }
        at += line.len();
    }
    out
}

/// Reads the statement at `start` and returns where the next begins.
fn statement(text: &str, start: usize, look_up: &Lookup, out: &mut Variables) -> usize {
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let next = (line_end + 1).min(text.len());
    let line = text[start..line_end].trim_end_matches('\r');
    let trimmed = line.trim_start();
    if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
        return next.max(start + 1);
    }
    let body = trimmed.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(trimmed);
    let body = body.trim_start();
    let body_at = start + line.len() - body.len();
    let name_end = body.find(['=', ':']).unwrap_or(body.len());
    let name = body[..name_end].trim_end();
    let ok = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-[]".contains(c));
    if name_end == body.len() {
        let name = name.split(" #").next().unwrap_or_default().trim_end();
        if name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-[]".contains(c)) {
            out.add(name.to_owned(), None);
        } else {
            out.wrong(
                "the line is not a variable",
                "Write `NAME=value`.",
                body_at..body_at + body.trim_end().len(),
            );
        }
        return next;
    }
    if !ok {
        let help = "A name holds letters, digits and `_`; write `NAME=value`.";
        out.wrong(
            format!("`{name}` is not a name of a variable"),
            help,
            body_at..body_at + name.len().max(1),
        );
        return next;
    }
    let name = name.to_owned();
    let raw = &body[name_end + 1..];
    let value = raw.trim_start_matches([' ', '\t']);
    let value_at = body_at + body.len() - value.len();
    if let Some(quote @ ('"' | '\'')) = value.chars().next() {
        quoted(text, value_at, quote, name, look_up, out)
    } else {
        // A `#` begins a comment only after white space.
        let end = value
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|at| *at == 0 || value[..*at].ends_with([' ', '\t']));
        let value = value[..end.unwrap_or(value.len())].trim_end();
        push(name, value, value_at, look_up, out);
        next
    }
}

fn quoted(text: &str, at: usize, quote: char, name: String, look_up: &Lookup, out: &mut Variables) -> usize {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != quote as u8 {
        // A backslash protects the quote that follows it.
        end += if bytes[end] == b'\\' && end + 1 < bytes.len() { 2 } else { 1 };
    }
    if end >= bytes.len() || !text.is_char_boundary(end) {
        let line_end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        out.wrong("a quote is opened and never closed", "Close it.", at..line_end);
        return (line_end + 1).min(text.len()).max(at + 1);
    }
    let inside = &text[at + 1..end];
    if quote == '"' {
        push(name, &unescape(inside), at + 1, look_up, out);
    } else {
        out.add(name, Some(inside.replace("\\'", "'")));
    }
    let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    let tail = text[end + 1..line_end].trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        out.wrong("something follows the closing quote", "End the line there.", end + 1..line_end);
    }
    (line_end + 1).min(text.len())
}

fn push(name: String, value: &str, at: usize, look_up: &Lookup, out: &mut Variables) {
    let filled = interpolate(value, &|wanted| look_up(wanted).or_else(|| out.value_of(wanted)));
    match filled {
        None => out.add(name, Some(value.to_owned())),
        Some(Ok(filled)) => out.add(name, Some(filled.text)),
        Some(Err(fault)) => {
            let range = at + fault.range.start..at + fault.range.end;
            out.faults.push(Wrong { message: fault.message, help: fault.help, range });
        }
    }
}

/// The escapes of a double-quoted value. `\$` is a dollar sign that begins no variable.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(c @ ('"' | '\\')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        let variables = parse(text, &|name| (name == "HOME").then(|| "/root".to_owned()));
        assert_eq!(variables.faults, []);
        variables.list
    }

    fn pair(name: &str, value: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn composes_forms_are_read() {
        let text = "# comment\nA=1\nexport B = two # not this\nC=a#b\nD='$HOME ${X'\nE=\"x\\n${A} $HOME\"\nF=${C:-z}/\nG\n\
                    H: yaml\nI=\"two\nlines\" # end\nJ=\n";
        let expected = [
            pair("A", "1"),
            pair("B", "two"),
            pair("C", "a#b"),
            pair("D", "$HOME ${X"),
            pair("E", "x\n1 /root"),
            pair("F", "a#b/"),
            ("G".to_owned(), None),
            pair("H", "yaml"),
            pair("I", "two\nlines"),
            pair("J", ""),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let text = "A=1\nb c=2\nD='x\nE=${\n";
        let wrong: Vec<String> = parse(text, &|_| None)
            .faults
            .iter()
            .map(|fault| format!("{} {}", &text[fault.range.clone()], fault.message))
            .collect();
        assert_eq!(
            wrong,
            [
                "b c `b c` is not a name of a variable",
                "'x a quote is opened and never closed",
                "${ `${` is never closed",
            ]
        );
    }

    #[test]
    fn in_raw_format_nothing_means_anything() {
        let raw = parse_raw("A=\"$X\" # y\n# no\nB\n");
        assert_eq!(raw.list, [pair("A", "\"$X\" # y"), ("B".to_owned(), None)]);
    }
}
