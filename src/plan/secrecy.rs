//! What is not to be read in a label or on a screen.

use std::collections::BTreeSet;

/// Parts of names and texts that speak of something secret.
const PARTS: [&str; 9] =
    ["passw", "passphrase", "secret", "token", "credential", "apikey", "api_key", "api-key", "private"];
/// Words that a name of something secret has.
const WORDS: [&str; 9] = ["key", "keys", "pass", "pwd", "auth", "dsn", "cert", "pem", "salt"];
/// How one of [`PARTS`] or of [`WORDS`] can begin.
const BEGINNINGS: Beginnings = beginnings(&[&PARTS, &WORDS]);
/// Lines that hold what the user wrote under a name of their own.
const NAMED: [&str; 6] =
    ["environment.", "label.", "logging.option.", "driver_opt.", "annotation.", "storage_opt."];
/// Lines that hold free text.
const FREE: [&str; 9] = [
    "command",
    "entrypoint",
    "healthcheck.test",
    "engine.arg",
    "engine.config",
    "pre_start",
    "post_start",
    "pre_stop",
    "network.",
];

/// By a first byte, which letters can follow: a bit for each, from `a`.
type Beginnings = [u32; 256];

const fn beginnings(lists: &[&[&str]]) -> Beginnings {
    let mut out = [0; 256];
    let mut list = 0;
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            let text = lists[list][at].as_bytes();
            let letter = 1 << (text[1] - b'a');
            out[text[0].to_ascii_lowercase() as usize] |= letter;
            out[text[0].to_ascii_uppercase() as usize] |= letter;
            at += 1;
        }
        list += 1;
    }
    out
}

/// Whether one of several lines could be one whose value is kept out of sight: no line of those that are not is.
pub(super) fn may_be_secret(lines: &str) -> bool {
    lines.contains('@') || has_one_of(lines, &[&PARTS, &WORDS])
}

/// Whether a line's value is kept out of sight.
pub(super) fn is_secret_line(key: &str, value: &str) -> bool {
    if let Some(name) = NAMED.iter().find_map(|group| key.strip_prefix(group)) {
        return is_secret_name(name) || is_secret_text(value);
    }
    FREE.iter().any(|group| key.starts_with(group)) && is_secret_text(value)
}

/// Lists of which one item speaks of a secret: the secret may be the next item.
pub(super) fn secret_lists<'a>(lines: &[(&'a str, &str)]) -> BTreeSet<&'a str> {
    lines
        .iter()
        .filter(|(key, value)| FREE.contains(key) && is_secret_text(value))
        .map(|(key, _)| *key)
        .collect()
}

fn is_secret_name(name: &str) -> bool {
    speaks_of_secrets(name)
        || name
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret)))
}

/// Whether a text speaks of a secret, or has the password of an address in it (`https://user:password@host`).
fn is_secret_text(text: &str) -> bool {
    let has_password = |rest: &str| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    };
    speaks_of_secrets(text) || text.split("://").skip(1).any(has_password)
}

/// Whether one of [`PARTS`] is in a text, however it is written. In one pass: a large lab has many texts.
fn speaks_of_secrets(text: &str) -> bool {
    has_one_of(text, &[&PARTS])
}

/// Whether one of some of these lists is in a text. By its first two letters: hardly any text has more.
fn has_one_of(text: &str, lists: &[&[&str]]) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize, part: &str| {
        bytes.get(at..at + part.len()).is_some_and(|found| found.eq_ignore_ascii_case(part.as_bytes()))
    };
    bytes.windows(2).enumerate().any(|(at, pair)| {
        let letters = BEGINNINGS[usize::from(pair[0])];
        letters != 0
            && pair[1].is_ascii_alphabetic()
            && letters & (1 << (pair[1].to_ascii_lowercase() - b'a')) != 0
            && lists.iter().any(|list| list.iter().any(|part| begins(at, part)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_one() {
        for (key, value) in [
            ("environment.POSTGRES_PASSWORD", "x"),
            ("environment.AWS_SECRET_ACCESS_KEY", "x"),
            ("environment.API_KEY", "x"),
            ("environment.DATABASE_URL", "postgres://app:hunter2@db/app"),
            ("label.io.example.token", "x"),
            ("driver_opt.o", "username=u,password=p"),
            ("command", "--db-password=hunter2"),
        ] {
            assert!(is_secret_line(key, value), "{key}={value}");
            assert!(may_be_secret(&format!("image=app\n{key}={value}\n")), "{key}={value}");
        }
    }

    #[test]
    fn what_does_not_is_none() {
        for (key, value) in [
            ("environment.DEBUG", "1"),
            ("environment.KEYBOARD", "de"),
            ("environment.URL", "https://example.com/a:b@c"),
            ("image", "secret/token:1"),
            ("mount./run/secrets", "volume keys false "),
            ("command", "sleep"),
        ] {
            assert!(!is_secret_line(key, value), "{key}={value}");
        }
    }
}
