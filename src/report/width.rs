//! Texts measured in columns of a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::style::{Style, Symbol};

/// Columns that `text` takes. It must hold no colours.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` without what would break a line, move the cursor or change a colour: escape sequences go, other control
/// characters become spaces.
pub fn one_line(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim_end();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\u{1b}' => rest = after_escape(rest),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `text` with control characters written out (`\x1b`), so that a terminal shows them and does not heed them. Tabs and the
/// ends of lines stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if is_plain(c) || (c == '\r' && rest.peek() == Some(&'\n')) {
            out.push(c);
        } else {
            write!(out, "\\x{:02x}", u32::from(c)).expect("writing to a string cannot fail");
        }
    }
    Cow::Owned(out)
}

/// What follows an escape sequence: a colour, a cursor movement, a title (ECMA-48, 5.4 and 5.6).
fn after_escape(text: &str) -> &str {
    match text.chars().next() {
        Some('[') => match text[1..].find(|c| ('\u{40}'..='\u{7e}').contains(&c)) {
            Some(end) => &text[end + 2..],
            None => "",
        },
        Some(']') => match text.find(['\u{7}', '\u{1b}']) {
            Some(end) => text[end + 1..].trim_start_matches('\\'),
            None => "",
        },
        Some(c) => &text[c.len_utf8()..],
        None => "",
    }
}

/// `text` in at most `columns`; what is cut off is shown by an ellipsis.
pub fn cut(text: &str, columns: usize, style: Style) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = UnicodeWidthChar::width(c).unwrap_or(0);
        if used + w + 1 > columns {
            break;
        }
        used += w;
        out.push(c);
    }
    if columns > 0 {
        out.push_str(style.symbol(Symbol::Ellipsis));
    }
    out
}

/// `text` and spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = text.to_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(text))));
    out
}

/// Breaks `text` between words into lines of at most `columns`; a longer word has a line of its own.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if width(last) + 1 + width(word) <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_not_by_bytes() {
        let style = Style { color: false, unicode: true };
        assert_eq!(cut("short", 5, style), "short");
        assert_eq!(cut("longer", 5, style), "long…");
        assert_eq!(cut("日本語", 4, style), "日…");
        assert_eq!(width("日本語"), 6);
        assert_eq!(pad("é", 3), "é  ");
    }

    #[test]
    fn a_line_of_a_log_cannot_draw_on_the_screen() {
        assert_eq!(
            one_line("\u{1b}[31mred\u{1b}[0m\tand\u{1b}]0;title\u{7} more\u{1b}[2J\r\n"),
            "red and more"
        );
        assert_eq!(one_line("cut \u{1b}["), "cut ");
    }

    #[test]
    fn words_are_wrapped_and_never_lost() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a-very-long-word b", 4), ["a-very-long-word", "b"]);
    }
}
