//! JSON values as YAML that every Compose parser reads back: what a reader could take for another type is quoted.

use serde_json::Value;

/// The text of a value.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(&mut out, value, 0),
        Value::Array(list) if !list.is_empty() => block(&mut out, value, 0),
        _ => {
            scalar(&mut out, value);
            out.push('\n');
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A non-empty mapping or list, each item on lines of its own.
fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                indent(out, depth);
                string(out, key);
                out.push(':');
                item(out, value, depth);
            }
        }
        Value::Array(list) => {
            for value in list {
                indent(out, depth);
                out.push('-');
                match value {
                    // The first key stands beside the dash.
                    Value::Object(map) if !map.is_empty() => {
                        let mut inner = String::new();
                        block(&mut inner, value, depth + 1);
                        out.push(' ');
                        out.push_str(inner.trim_start_matches(' '));
                    }
                    _ => item(out, value, depth),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => scalar(out, value),
    }
}

/// What follows `key:` or `-`.
fn item(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(out, value, depth + 1);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(out, value, depth + 1);
        }
        Value::String(text) if is_literal(text) => {
            out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in text.lines() {
                if !line.is_empty() {
                    indent(out, depth + 1);
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        _ => {
            out.push(' ');
            scalar(out, value);
            out.push('\n');
        }
    }
}

/// Whether a text keeps every character in a literal block.
fn is_literal(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| c == '\n' || !c.is_control())
        && !text.contains(['\u{feff}', '\u{2028}', '\u{2029}', '\u{85}'])
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        // JSON's forms of these are YAML's.
        other => out.push_str(&other.to_string()),
    }
}

fn string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        // A JSON string is a double-quoted YAML scalar.
        out.push_str(&Value::String(text.to_owned()).to_string());
    }
}

/// Whether a text without quotes is read as this very string by YAML 1.1 and 1.2 readers alike.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"];
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let flag = first == Some('-') && second.is_some_and(|c| c.is_ascii_alphabetic() || c == '-');
    let word = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '_' || c == '.');
    (word || flag || is_duration(text))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-+=@$(){}[]:, ".contains(c))
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !text.starts_with("..")
        && !text.starts_with("---")
        && text.parse::<f64>().is_err()
        && !matches!(text.to_ascii_lowercase().as_str(), ".inf" | ".nan" | "...")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// `10s`, `500ms`: digits and a unit, which no reader takes for a number.
fn is_duration(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && ["us", "ms", "s", "m", "h"].contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_could_be_read_as_another_type_is_quoted() {
        let value = json!({
            "a": ["yes", "22:22", "0440", "1.5", "", "plain text", "x: y", "- a", "-c", "-1", "1m", "1e3", "--x", "---", "#c", "nginx:1.29", ".5", "null"],
            "b": {"empty": {}, "none": [], "n": 1, "t": true},
            "c": [{"source": "./x", "target": "/y"}, ["p"]],
            "text": "one\n  two\n",
            "cut": "a\nb",
            "strange": " a\nb",
        });
        insta::assert_snapshot!(to_yaml(&value), @r##"
        a:
          - "yes"
          - "22:22"
          - "0440"
          - "1.5"
          - ""
          - plain text
          - "x: y"
          - "- a"
          - -c
          - "-1"
          - 1m
          - "1e3"
          - --x
          - "---"
          - "#c"
          - nginx:1.29
          - ".5"
          - "null"
        b:
          empty: {}
          "n": 1
          none: []
          t: true
        c:
          - source: ./x
            target: /y
          -
            - p
        cut: |-
          a
          b
        strange: " a\nb"
        text: |
          one
            two
        "##);
    }
}
