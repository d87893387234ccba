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
    /// Variables in values that are not set and have no default, and where they stand.
    pub(crate) unset: Vec<(String, Range<usize>)>,
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
    while let Some(start) = statement_start(text, at) {
        at = statement(text, start, look_up, &mut out);
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

/// Where the next statement begins: after white space and comments.
fn statement_start(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let start = at + rest.find(|c: char| !c.is_whitespace())?;
        if !text[start..].starts_with('#') {
            return Some(start);
        }
        at = start + text[start..].find('\n')?;
    }
}

/// White space within a line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_.-[]".contains(c)
}

/// Reads the statement at `start` and returns where what follows it begins.
fn statement(text: &str, start: usize, look_up: &Lookup, out: &mut Variables) -> usize {
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let next = (line_end + 1).min(text.len());
    let line = &text[start..line_end];
    let body = line.strip_prefix("export").filter(|rest| rest.starts_with(is_blank)).unwrap_or(line);
    let body = body.trim_start_matches(is_blank);
    let body_at = line_end - body.len();
    let stop = body.char_indices().find(|(_, c)| !is_blank(*c) && !is_name(*c));
    let (name_end, inherited) = match stop {
        None => (body.len(), true),
        Some((at, '=' | ':')) => (at, false),
        Some((at, bad)) => {
            let help = "A name holds letters, digits and `_`; write `NAME=value`.";
            let name = body.split(['=', ':']).next().unwrap_or(body).trim_end();
            let message = if name.len() > at {
                format!("`{name}` is not a name of a variable")
            } else {
                format!("`{bad}` cannot stand here")
            };
            let end = name.len().max(at + bad.len_utf8());
            out.wrong(message, help, body_at..body_at + end);
            return next;
        }
    };
    let name = body[..name_end].trim_end();
    if name.contains(' ') || (name.is_empty() && !inherited) {
        let help = "A name holds letters, digits and `_`; write `NAME=value`.";
        let message = format!("`{name}` is not a name of a variable");
        out.wrong(message, help, body_at..body_at + name.len().max(1));
        return next;
    }
    if inherited {
        if !name.is_empty() {
            out.add(name.to_owned(), None);
        }
        return next;
    }
    let name = name.to_owned();
    let value = body[name_end + 1..].trim_start_matches(is_blank);
    let value_at = line_end - value.len();
    if let Some(quote @ ('"' | '\'')) = value.chars().next() {
        return quoted(text, value_at, quote, name, look_up, out);
    }
    // A comment begins after a space.
    let value = value.split(" #").next().unwrap_or(value).trim_end();
    push(name, value, value_at, look_up, out);
    next
}

/// Reads a quoted value, which may have several lines. What follows it on its line is a statement of its own.
fn quoted(text: &str, at: usize, quote: char, name: String, look_up: &Lookup, out: &mut Variables) -> usize {
    let mut value = String::new();
    let mut escaped = false;
    for (offset, c) in text[at + 1..].char_indices() {
        if c == quote && !escaped {
            if quote == '"' {
                push(name, &unescape(&value), at + 1, look_up, out);
            } else {
                out.add(name, Some(value));
            }
            return at + 1 + offset + 1;
        }
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        if escaped && c != quote {
            value.push('\\');
        }
        escaped = false;
        value.push(c);
    }
    let line_end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    out.wrong("a quote is opened and never closed", "Close it.", at..line_end);
    (line_end + 1).min(text.len()).max(at + 1)
}

fn push(name: String, value: &str, at: usize, look_up: &Lookup, out: &mut Variables) {
    let filled = interpolate(value, &|wanted| look_up(wanted).or_else(|| out.value_of(wanted)));
    let place = |range: Range<usize>| at + range.start..at + range.end;
    match filled {
        None => out.add(name, Some(value.to_owned())),
        Some(Ok(filled)) => {
            out.unset.extend(filled.unset.into_iter().map(|(name, range)| (name, place(range))));
            out.add(name, Some(filled.text));
        }
        Some(Err(fault)) => {
            out.faults.push(Wrong { message: fault.message, help: fault.help, range: place(fault.range) });
        }
    }
}

/// The escapes of a double-quoted value. `\$` is a dollar sign that begins no variable; an octal number begins with
/// `\0` and has three digits after it; what is no escape stays.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(c) = after.chars().next() else {
            out.push('\\');
            return out;
        };
        let mut taken = c.len_utf8();
        match c {
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            '$' => out.push_str("$$"),
            '"' | '\\' => out.push(c),
            '0' => {
                let digits: String = after[1..].chars().take(3).take_while(char::is_ascii_digit).collect();
                taken += digits.len();
                match u8::from_str_radix(&digits, 8) {
                    Ok(code) if digits.len() == 3 => out.push(char::from(code)),
                    _ => {
                        out.push('\\');
                        out.push_str(&digits);
                    }
                }
            }
            c => out.extend(['\\', c]),
        }
        rest = &after[taken..];
    }
    out.push_str(rest);
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
    fn quotes_comments_and_escapes_are_those_of_compose() {
        let cases = [
            ("A=#x", "#x"),
            ("A= #x", "#x"),
            ("A=a\t#x", "a\t#x"),
            ("A=a #x #y", "a"),
            ("A='a\\'b\\n'", "a'b\\n"),
            (r#"A="a\"b\$HOME \0123 \q""#, "a\"b$HOME S \\q"),
            ("A=\"x\"#y", "x"),
            ("A=1\r", "1"),
            ("A=${B:-${HOME}}", "/root"),
            ("A=a=b:c", "a=b:c"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), [pair("A", expected)], "{text}");
        }
        assert_eq!(read("A='x' B=2\n"), [pair("A", "x"), pair("B", "2")]);
        assert_eq!(read("\u{feff}A=1"), [pair("A", "1")]);
    }

    #[test]
    fn in_raw_format_nothing_means_anything() {
        let raw = parse_raw("A=\"$X\" # y\n# no\nB\n");
        assert_eq!(raw.list, [pair("A", "\"$X\" # y"), ("B".to_owned(), None)]);
    }
}
