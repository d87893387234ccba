//! Patterns of `.dockerignore`, as moby/patternmatcher reads them: `*`, `?`, `[…]`, `**`, and `!` for what comes back.
//! A pattern that matches a directory matches all that is in it.

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// The character itself.
    Plain(char),
    /// `?`: one character that is no slash.
    One,
    /// `*`: any number of characters that are no slash.
    Some,
    /// `**` at the end: anything.
    Rest,
    /// `**/`: nothing, or anything that ends with a slash.
    Directories,
    /// `[…]`: one of these.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A pattern.
#[derive(Clone, Debug)]
struct Pattern {
    pieces: Vec<Piece>,
    /// `!`: what matches is not left out.
    brings_back: bool,
}

/// All patterns, in their order: the last that matches decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

/// Which patterns a directory matched: what is in it matches them too.
pub(super) type Matched = Vec<bool>;

impl Patterns {
    /// Reads patterns. A pattern that cannot be read is the error.
    pub(super) fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut out = Vec::new();
        for line in lines {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let (brings_back, text) = match line.strip_prefix('!') {
                Some("") => return Err("illegal exclusion pattern: \"!\"".to_owned()),
                Some(rest) => (true, rest),
                None => (false, line),
            };
            let text = clean(text.trim());
            let pieces = pieces(&text).ok_or_else(|| format!("syntax error in pattern `{line}`"))?;
            out.push(Pattern { pieces, brings_back });
        }
        Ok(Self(out))
    }

    /// Whether a pattern brings something back that another leaves out.
    pub(super) fn bring_back(&self) -> bool {
        self.0.iter().any(|pattern| pattern.brings_back)
    }

    /// Whether a path (without a slash before it) is left out, and which patterns it matched; `parent` is what its
    /// directory matched. As `MatchesUsingParentResults`.
    pub(super) fn leave_out(&self, path: &str, parent: Option<&Matched>) -> (bool, Matched) {
        let path: Vec<char> = path.chars().collect();
        let mut out = false;
        let mut matched = vec![false; self.0.len()];
        for (number, pattern) in self.0.iter().enumerate() {
            let inherited = parent.and_then(|parent| parent.get(number)).copied().unwrap_or(false);
            // Otherwise it changes nothing, whether it matches or not.
            let matters = pattern.brings_back == out;
            matched[number] = inherited || (matters && fits(&pattern.pieces, &path));
            if matched[number] {
                out = !pattern.brings_back;
            }
        }
        (out, matched)
    }
}

/// `filepath.Clean`, without a slash at the beginning.
fn clean(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // Above the root is the root.
            ".." if text.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        out.push(match next {
            '*' if rest.peek() == Some(&'*') => {
                while rest.next_if_eq(&'*').is_some() {}
                // `**` and `**/` mean the same.
                rest.next_if_eq(&'/');
                if rest.peek().is_none() { Piece::Rest } else { Piece::Directories }
            }
            '*' => Piece::Some,
            '?' => Piece::One,
            '\\' => Piece::Plain(rest.next()?),
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    let mut take = || match rest.next()? {
                        '\\' => rest.next().map(|low| (low, true)),
                        low => Some((low, false)),
                    };
                    let (low, escaped) = take()?;
                    if low == ']' && !escaped && !ranges.is_empty() {
                        break;
                    }
                    if (low == ']' || low == '-') && !escaped {
                        return None;
                    }
                    let high = if rest.next_if_eq(&'-').is_some() {
                        match rest.next()? {
                            '\\' => rest.next()?,
                            ']' => return None,
                            high => high,
                        }
                    } else {
                        low
                    };
                    if high < low {
                        return None;
                    }
                    ranges.push((low, high));
                }
                Piece::Class { negated, ranges }
            }
            plain => Piece::Plain(plain),
        });
    }
    Some(out)
}

/// Whether the whole path fits. Each `*` is left behind for good once a later one is reached, but for `**/`, which
/// may reach over what `*` may not: those are tried from the inside out.
fn fits(pieces: &[Piece], path: &[char]) -> bool {
    // Row by row: `row[n]` says whether the pieces so far can have eaten `n` characters.
    let mut row = vec![false; path.len() + 1];
    row[0] = true;
    for piece in pieces {
        let mut next = vec![false; path.len() + 1];
        match piece {
            Piece::Rest => {
                let first = row.iter().position(|can| *can);
                next.iter_mut()
                    .enumerate()
                    .for_each(|(at, can)| *can = first.is_some_and(|first| at >= first));
            }
            Piece::Some | Piece::Directories => {
                let mut open = false;
                for at in 0..=path.len() {
                    let before = at.checked_sub(1).map(|before| path[before]);
                    if piece == &Piece::Some {
                        open = row[at] || (open && before != Some('/'));
                        next[at] = open;
                    } else {
                        next[at] = row[at] || (open && before == Some('/'));
                        open |= row[at];
                    }
                }
            }
            one => {
                for at in 0..path.len() {
                    next[at + 1] = row[at] && is(one, path[at]);
                }
            }
        }
        row = next;
    }
    row[path.len()]
}

fn is(piece: &Piece, character: char) -> bool {
    match piece {
        Piece::Plain(plain) => *plain == character,
        Piece::One => character != '/',
        Piece::Class { negated, ranges } => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
        }
        Piece::Some | Piece::Rest | Piece::Directories => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a walk asks: directories first.
    fn left_out(patterns: &[&str], path: &str) -> bool {
        let patterns = Patterns::new(patterns.iter().copied()).expect("good patterns");
        let mut parent: Option<Matched> = None;
        let mut out = false;
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let (left, matched) = patterns.leave_out(&path[..at], parent.as_ref());
            (out, parent) = (left, Some(matched));
        }
        out
    }

    /// Behaviour of moby/patternmatcher, by the cases of its own tests.
    #[test]
    fn patterns_match_as_mobys_do() {
        let cases: &[(&str, &str, bool)] = &[
            ("**", "file", true),
            ("**", "file/", true),
            ("**/", "file", true),
            ("**", "dir/file", true),
            ("**/", "dir/file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir2/file", true),
            ("**file", "file", true),
            ("**file", "dir/file", true),
            ("**/file", "dir/file", true),
            ("**file", "dir/dir/file", true),
            ("**/file*", "dir/dir/file.txt", true),
            ("**/file*txt", "dir/dir/file.txt", true),
            ("**/file*.txt*", "dir/dir/file.txt", true),
            ("**/**/*.txt", "dir/dir/file.txt", true),
            ("**/**/*.txt2", "dir/dir/file.txt", false),
            ("**/*.txt", "file.txt", true),
            ("a**/*.txt", "a/file.txt", true),
            ("a**/*.txt", "a/dir/file.txt", true),
            ("a/*.txt", "a/dir/file.txt", false),
            ("a/*.txt**", "a/file.txt", true),
            ("a[b-d]e", "ae", false),
            ("a[b-d]e", "ace", true),
            ("a[b-d]e", "aae", false),
            ("a[^b-d]e", "aze", true),
            (".*", ".foo", true),
            (".*", "foo", false),
            ("abc.def", "abcdef", false),
            ("abc.def", "abc.def", true),
            ("abc.def", "abcZdef", false),
            ("abc?def", "abcZdef", true),
            ("abc?def", "abcdef", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("**/foo/bar", "foo/bar", true),
            ("**/foo/bar", "dir/dir2/foo/bar", true),
            ("abc/**", "abc", false),
            ("abc/**", "abc/def/ghi", true),
            ("**/.foo", ".foo", true),
            ("**/.foo", "bar.foo", false),
            ("./bar.*", "bar.a", true),
            ("/docs", "docs/a", true),
            ("a/b/../c", "a/c", true),
        ];
        for (pattern, path, wanted) in cases {
            let path = path.trim_end_matches('/');
            assert_eq!(left_out(&[pattern], path), *wanted, "{pattern} on {path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        assert!(!left_out(&["docs", "!docs/README.md"], "docs/README.md"));
        assert!(left_out(&["docs", "!docs/README.md"], "docs/other"));
        assert!(left_out(&["!docs/README.md", "docs"], "docs/README.md"));
        assert!(!left_out(&["*", "!**/*.go"], "pkg/a.go"));
        assert!(left_out(&["*.md", "!README*.md", "README-secret.md"], "README-secret.md"));
        assert!(!left_out(&["**", "!util/docker/web"], "util/docker/web/foo"));
    }

    #[test]
    fn what_is_no_pattern_is_an_error() {
        assert!(Patterns::new(["!"]).is_err());
        assert!(Patterns::new(["a[b-"]).is_err());
        assert!(Patterns::new(["[]a]"]).is_err());
        assert!(Patterns::new(["", "  "]).expect("nothing").0.is_empty());
    }
}
