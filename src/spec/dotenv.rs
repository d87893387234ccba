//! Files of variables: `.env` and `env_file`.
//!
//! The format of Compose (compose-go `dotenv`): `KEY=value`, `export` allowed, `#` comments, values bare (variables
//! are replaced), in single quotes (literal, may span lines) or in double quotes (escapes and variables).

use super::files::Vars;
use super::interpolate;

/// Longest value, in bytes: more does not fit into a process's environment either.
const MAX_VALUE: usize = 1 << 20;

/// A line that is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::spec) struct BadLine {
    /// First byte of the line in the text.
    pub(in crate::spec) start: usize,
    /// One past its last byte.
    pub(in crate::spec) end: usize,
    /// What is wrong with it.
    pub(in crate::spec) message: String,
}

/// Variables in the order of the file, with `None` for a name without `=`.
pub(in crate::spec) type Entries = Vec<(String, Option<String>)>;

/// Reads `text`. `vars` are those that values may use beside the ones above them in the file; they win.
pub(in crate::spec) fn read(text: &str, vars: &Vars) -> (Entries, Vec<BadLine>) {
    let mut known = vars.clone();
    let mut out: Entries = Vec::new();
    let mut bad = Vec::new();
    let mut at = 0;
    let text_start = text.strip_prefix('\u{feff}').map_or(0, |_| '\u{feff}'.len_utf8());
    at += text_start;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = text[at..line_end].trim();
        let start = at;
        at = line_end + 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut fail = |message: String| bad.push(BadLine { start, end: line_end, message });
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let name_end = line.find(['=', ':']).unwrap_or(line.len());
        let name = line[..name_end].trim_end();
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if name.is_empty() || !name.chars().all(good) {
            fail(format!("`{name}` is not a variable's name"));
            continue;
        }
        if name_end == line.len() {
            out.push((name.to_owned(), None));
            continue;
        }
        // Where the value begins in the whole text: a quoted value may go on beyond the line.
        let offset = line.as_ptr() as usize - text.as_ptr() as usize + name_end + 1;
        let value = text[offset..line_end].trim_start();
        let value_at = offset + (text[offset..line_end].len() - value.len());
        let (raw, expand) = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let Some(end) = closing_quote(&text[value_at + 1..], quote) else {
                    fail(format!("the quote `{quote}` is not closed"));
                    continue;
                };
                let raw = &text[value_at + 1..value_at + 1 + end];
                let after = value_at + 1 + end + 1;
                at = text[after..].find('\n').map_or(text.len(), |n| after + n) + 1;
                if quote == '"' { (unescape(raw), true) } else { (raw.to_owned(), false) }
            }
            _ => (bare(value).to_owned(), true),
        };
        let value = if expand {
            let (value, problems) = interpolate::text_of(&raw, &known);
            for (message, _) in problems.errors {
                fail(message);
            }
            value
        } else {
            raw
        };
        // Lines that double what stands above them would fill the memory.
        if value.len() > MAX_VALUE {
            fail(format!("the value of `{name}` is longer than {MAX_VALUE} bytes"));
            continue;
        }
        known.entry(name.to_owned()).or_insert_with(|| value.clone());
        out.push((name.to_owned(), Some(value)));
    }
    (out, bad)
}

/// An unquoted value ends before ` #`.
fn bare(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
    value[..end].trim_end()
}

fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        if escaped {
            escaped = false;
            return None;
        }
        escaped = c == '\\';
        (c == quote).then_some(at)
    })
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            // Interpolation follows and takes `$$` for a dollar.
            Some('$') => out.push_str("$$"),
            Some(c @ ('"' | '\\' | '\'')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        let vars: Vars = [("HOST".to_owned(), "h".to_owned())].into();
        let (entries, bad) = read(text, &vars);
        assert_eq!(bad, [], "{text}");
        entries
    }

    fn one(text: &str) -> String {
        pairs(text).pop().expect("an entry").1.expect("a value")
    }

    #[test]
    fn values_are_bare_or_quoted() {
        assert_eq!(one("A=b c # no"), "b c");
        assert_eq!(one("export A = b#c"), "b#c");
        assert_eq!(one("A='b $HOST # x' # no"), "b $HOST # x");
        assert_eq!(one("A=\"b\\n\\\"${HOST}\\$\""), "b\n\"h$");
        assert_eq!(one("A="), "");
        assert_eq!(one("A='b\nc'"), "b\nc");
        assert_eq!(one("# x\r\n\r\nA=b\r\n"), "b");
        assert_eq!(pairs("A\n"), [("A".to_owned(), None)]);
    }

    #[test]
    fn later_lines_use_earlier_ones_and_the_environment_wins() {
        assert_eq!(one("A=1\nB=$A-$HOST"), "1-h");
        assert_eq!(one("HOST=file\nB=$HOST"), "h");
    }

    #[test]
    fn a_value_over_several_lines_does_not_end_the_file() {
        assert_eq!(pairs("A=\"x\ny\"\nB=2").len(), 2);
    }

    #[test]
    fn bad_lines_have_a_place() {
        let (_, bad) = read("A=1\na b=2\nC='x\n", &Vars::new());
        let places: Vec<_> = bad.iter().map(|line| (line.start, line.end)).collect();
        assert_eq!(places, [(4, 9), (10, 14)]);
    }
}
