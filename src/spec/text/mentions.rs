//! The variables that a text names, for `config --variables`.

use super::interpolate::{closing, name_length};

/// A variable as one place of a text uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Its name.
    pub name: String,
    /// Without it the lab is refused.
    pub required: bool,
    /// What stands in its place when it is not set.
    pub default: String,
    /// What stands in its place when it is set.
    pub alternate: String,
}

/// All that a text names, also in defaults, in their order.
pub(crate) fn mentions(text: &str, out: &mut Vec<Mention>) {
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        let after = &rest[dollar + 1..];
        if let Some(escaped) = after.strip_prefix('$') {
            rest = escaped;
        } else if let Some(end) = after.starts_with('{').then(|| closing(after)).flatten() {
            let inside = &after[1..end];
            let (name, operator) = inside.split_at(name_length(inside));
            let operator = operator.strip_prefix(':').unwrap_or(operator);
            let (kind, word) = operator.split_at(operator.chars().next().map_or(0, char::len_utf8));
            if !name.is_empty() {
                let text = |wanted: &str| if kind == wanted { word.to_owned() } else { String::new() };
                out.push(Mention {
                    name: name.to_owned(),
                    required: kind == "?",
                    default: text("-"),
                    alternate: text("+"),
                });
            }
            mentions(word, out);
            rest = &after[end + 1..];
        } else {
            let length = name_length(after);
            if length > 0 {
                out.push(Mention { name: after[..length].to_owned(), ..Mention::default() });
            }
            rest = &after[length..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_variable_is_seen() {
        let mut found = Vec::new();
        mentions("$$no $A ${B} ${C:-d${D-e}} ${F:?why} ${G+h} ${", &mut found);
        let shown: Vec<String> = found
            .iter()
            .map(|it| format!("{} {} {:?} {:?}", it.name, it.required, it.default, it.alternate))
            .collect();
        assert_eq!(
            shown,
            [
                r#"A false "" """#,
                r#"B false "" """#,
                r#"C false "d${D-e}" """#,
                r#"D false "e" """#,
                r#"F true "" """#,
                r#"G false "" "h""#,
            ]
        );
    }
}
