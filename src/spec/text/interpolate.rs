//! `${VAR}` in texts, as Compose (compose-go `template/template.go`).

use std::ops::Range;

/// `${A:-${B:-…}}` deeper than this was not written by hand.
const DEPTH_LIMIT: usize = 32;
/// Longest result, so that variables made of variables cannot fill the memory.
const LENGTH_LIMIT: usize = 1 << 20;

/// A text with its variables filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// The text.
    pub(crate) text: String,
    /// Variables that are not set and have no default, and where they stand in the original.
    pub(crate) unset: Vec<(String, Range<usize>)>,
}

/// Why a text cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
    /// Where in the original.
    pub(crate) range: Range<usize>,
}

/// Fills variables in. `None` when there is no `$`: the text stays what it is.
pub(crate) fn interpolate(text: &str, look_up: &Lookup) -> Option<Result<Filled, Fault>> {
    text.contains('$').then(|| {
        let mut filled = Filled::default();
        fill(text, 0, 0, look_up, &mut filled)?;
        Ok(filled)
    })
}

/// The value of a variable.
pub(crate) type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Appends `text`, which stands at `base` of the original, to `out`.
fn fill(text: &str, base: usize, depth: usize, look_up: &Lookup, out: &mut Filled) -> Result<(), Fault> {
    let mut rest = 0;
    while let Some(dollar) = text[rest..].find('$').map(|at| rest + at) {
        out.text.push_str(&text[rest..dollar]);
        let after = &text[dollar + 1..];
        if after.starts_with('$') {
            out.text.push('$');
            rest = dollar + 2;
        } else if after.starts_with('{') {
            let end = closing(after).map(|at| dollar + 1 + at).ok_or_else(|| Fault {
                message: "`${` is never closed".to_owned(),
                help: "Close it with `}`, or write `$$` for a dollar sign.".to_owned(),
                range: base + dollar..base + text.len(),
            })?;
            let place = base + dollar..base + end + 1;
            if depth >= DEPTH_LIMIT {
                return Err(Fault {
                    message: "variables are nested too deeply".to_owned(),
                    help: "Give the value directly.".to_owned(),
                    range: place,
                });
            }
            braced(&text[dollar + 2..end], base + dollar + 2, &place, depth, look_up, out)?;
            rest = end + 1;
        } else {
            let length = name_length(after);
            if length == 0 {
                // As in Compose, a dollar sign that begins no variable is one.
                out.text.push('$');
                rest = dollar + 1;
                continue;
            }
            let name = &after[..length];
            let place = base + dollar..base + dollar + 1 + length;
            put(name, &place, look_up, out);
            rest = dollar + 1 + length;
        }
        if out.text.len() > LENGTH_LIMIT {
            return Err(Fault {
                message: "the text is longer than 1 MiB once its variables are filled in".to_owned(),
                help: "Check for variables made of variables.".to_owned(),
                range: base..base + text.len(),
            });
        }
    }
    out.text.push_str(&text[rest..]);
    Ok(())
}

fn put(name: &str, place: &Range<usize>, look_up: &Lookup, out: &mut Filled) {
    match look_up(name) {
        Some(value) => out.text.push_str(&value),
        None => out.unset.push((name.to_owned(), place.clone())),
    }
}

/// What stands between `${` and `}`, at `base` of the original.
fn braced(
    inside: &str,
    base: usize,
    place: &Range<usize>,
    depth: usize,
    look_up: &Lookup,
    out: &mut Filled,
) -> Result<(), Fault> {
    let length = name_length(inside);
    let (name, operator) = inside.split_at(length);
    let malformed = |message: String| {
        Fault {
        message,
        help: "Write `${NAME}`, `${NAME:-default}`, `${NAME:?message}` or `${NAME:+other}`; `$$` is a dollar sign."
            .to_owned(),
        range: place.clone(),
    }
    };
    if name.is_empty() {
        return Err(malformed(format!("`${{{inside}}}` names no variable")));
    }
    if operator.is_empty() {
        put(name, place, look_up, out);
        return Ok(());
    }
    let (colon, word) = match operator.strip_prefix(':') {
        Some(word) => (true, word),
        None => (false, operator),
    };
    let Some(kind) = word.chars().next().filter(|c| matches!(c, '-' | '?' | '+')) else {
        return Err(malformed(format!("`${{{inside}}}` is not a form of variable")));
    };
    let word = &word[1..];
    let at = base + inside.len() - word.len();
    let value = look_up(name);
    let usable = value.as_ref().is_some_and(|value| !colon || !value.is_empty());
    match (kind, usable) {
        ('-' | '?', true) => out.text.push_str(&value.unwrap_or_default()),
        ('-', false) | ('+', true) => fill(word, at, depth + 1, look_up, out)?,
        ('+', false) => {}
        (_, _) => {
            let mut reason = Filled::default();
            fill(word, at, depth + 1, look_up, &mut reason)?;
            let state = if value.is_some() { "empty" } else { "not set" };
            let message = if reason.text.is_empty() {
                format!("the variable `{name}` is {state}")
            } else {
                format!("the variable `{name}` is {state}: {}", reason.text)
            };
            let help = format!("Set `{name}` in the environment or in `.env`.");
            return Err(Fault { message, help, range: place.clone() });
        }
    }
    Ok(())
}

/// Where the brace that `text` begins with is closed: braces within count, and if they do not pair, the last one
/// of the line is it.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    text.lines().next()?.rfind('}')
}

pub(super) fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts { text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let look_up = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        match interpolate(text, &look_up) {
            None => Ok(text.to_owned()),
            Some(result) => result.map(|filled| filled.text).map_err(|fault| fault.message),
        }
    }

    #[test]
    fn all_of_composes_forms_are_filled_in() {
        let cases = [
            ("$SET ${SET}!", "value value!"),
            ("a$$b $$SET", "a$b $SET"),
            ("${NO:-d} ${EMPTY:-d} ${EMPTY-d} ${NO-d}", "d d  d"),
            ("${SET:+r} ${EMPTY:+r} ${EMPTY+r} ${NO+r}", "r  r "),
            ("${NO:-${EMPTY:-${SET}}}", "value"),
            ("${NO:-a:b-c?d}", "a:b-c?d"),
            ("${SET:?no} ${EMPTY?no}", "value "),
            ("[$NO]", "[]"),
            ("${NO:-$$}x}", "$x}"),
            ("echo $1 $ cost: $", "echo $1 $ cost: $"),
            (r#"${NO:-{"a": {}}} ${SET:-{}}"#, r#"{"a": {}} value"#),
            ("${NO:-{} $SET", "{ value"),
        ];
        for (text, expected) in cases {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_says_why() {
        let cases = [
            ("${NO:?give it}", "the variable `NO` is not set: give it"),
            ("${EMPTY:?}", "the variable `EMPTY` is empty"),
            ("${SET", "`${` is never closed"),
            ("${}", "`${}` names no variable"),
            ("${SET!x}", "`${SET!x}` is not a form of variable"),
        ];
        for (text, expected) in cases {
            assert_eq!(filled(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_original() {
        let none = |_: &str| None;
        let text = "ä ${A:-x${B}} $C";
        let filled = interpolate(text, &none).expect("has variables").expect("valid");
        let names: Vec<&str> = filled.unset.iter().map(|(_, range)| &text[range.clone()]).collect();
        assert_eq!(names, ["${B}", "$C"]);
    }

    #[test]
    fn defaults_within_defaults_have_a_limit() {
        let deep = "${A:-".repeat(10_000) + &"}".repeat(10_000);
        assert_eq!(filled(&deep), Err("variables are nested too deeply".to_owned()));
    }
}
