//! Command lines: a text into words, as Compose splits `command` and `entrypoint` (github.com/mattn/go-shellwords).

/// Splits `text` at white space, minding quotes and backslashes. Variables stay what they are.
///
/// # Errors
/// Words about a quote or backslash that nothing follows.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_with(String::new);
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a single quote is never closed".to_owned()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_with(String::new);
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some('\n') => {}
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("a double quote is never closed".to_owned()),
                        },
                        Some(c) => word.push(c),
                        None => return Err("a double quote is never closed".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) => word.get_or_insert_with(String::new).push(c),
                None => return Err("nothing follows the last backslash".to_owned()),
            },
            c => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would() {
        let words = |text: &str| split(text).expect("balanced");
        assert_eq!(words("sh -c 'echo  hi'"), ["sh", "-c", "echo  hi"]);
        assert_eq!(words(r#"a "b \"c\" \n" d\ e"#), ["a", r#"b "c" \n"#, "d e"]);
        assert_eq!(words(r#"x'' "" y"#), ["x", "", "y"]);
        assert_eq!(words("  "), Vec::<String>::new());
        assert_eq!(words("a; b | c"), ["a;", "b", "|", "c"]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(split("a 'b").is_err());
        assert!(split("a \"b").is_err());
        assert!(split("a \\").is_err());
    }
}
