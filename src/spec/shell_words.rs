//! A command line → words, as a shell splits them: quotes and backslashes, and nothing else.

/// The words of `line`.
///
/// # Errors
/// The quote that is not closed.
pub(in crate::spec) fn split(line: &str) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err('\''),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some('\n') => {}
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err('"'),
                        },
                        Some(c) => word.push(c),
                        None => return Err('"'),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err('\\'),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        assert_eq!(
            split("sh -c 'echo \"a b\"'").as_deref(),
            Ok(&["sh", "-c", "echo \"a b\""].map(str::to_owned)[..])
        );
        assert_eq!(
            split(r#"a\ b "c\"d\n" ''"#).as_deref(),
            Ok(&["a b", "c\"d\\n", ""].map(str::to_owned)[..])
        );
        assert_eq!(split("a\\\nb\n c").as_deref(), Ok(&["ab", "c"].map(str::to_owned)[..]));
        assert_eq!(split("  "), Ok(vec![]));
    }

    #[test]
    fn open_quotes_are_named() {
        assert_eq!(split("echo 'a"), Err('\''));
        assert_eq!(split("echo \"a"), Err('"'));
        assert_eq!(split("echo \\"), Err('\\'));
    }
}
