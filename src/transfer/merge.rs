//! What becomes of a file that the image already has.

use serde_json::Value;

/// Puts the keys of one JSON object over those of another, mappings recursively; everything else is replaced.
/// An empty text is an empty object.
pub(super) fn merge_json(old: &[u8], new: &[u8]) -> Result<Vec<u8>, String> {
    let read = |bytes: &[u8]| -> Result<Value, String> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) => Err("it is not a JSON object".to_owned()),
            Err(error) => Err(format!("it is not JSON: {error}")),
        }
    };
    let mut merged = read(old)?;
    put_over(&mut merged, read(new)?);
    let mut bytes = serde_json::to_vec_pretty(&merged).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn put_over(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                put_over(old.entry(key).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}

/// Appends lines to a text, once: what is there already is not added again.
pub(super) fn append(old: &[u8], new: &[u8]) -> Vec<u8> {
    let new = new.strip_suffix(b"\n").unwrap_or(new);
    if has_lines(old, new) {
        return old.to_vec();
    }
    let mut text = old.to_vec();
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(new);
    text.push(b'\n');
    text
}

/// Whether the lines of `new` stand in `old`, one after the other.
fn has_lines(old: &[u8], new: &[u8]) -> bool {
    let lines = |bytes: &'_ [u8]| -> Vec<Vec<u8>> {
        bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let (old, new) = (lines(old), lines(new));
    old.windows(new.len()).any(|window| window == new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(old: &str, new: &str) -> Value {
        let bytes = merge_json(old.as_bytes(), new.as_bytes()).expect("two objects");
        serde_json::from_slice(&bytes).expect("what was written is JSON")
    }

    #[test]
    fn mappings_are_merged_and_the_rest_is_replaced() {
        assert_eq!(
            merged(r#"{"a":{"x":1,"y":[1,2]},"b":1}"#, r#"{"a":{"y":[3],"z":null},"c":{"d":1}}"#),
            serde_json::json!({"a": {"x": 1, "y": [3], "z": null}, "b": 1, "c": {"d": 1}})
        );
        assert_eq!(merged(" \n", r#"{"a":1}"#), serde_json::json!({"a": 1}));
    }

    #[test]
    fn what_is_no_object_is_said_not_lost() {
        assert!(merge_json(b"[1]", b"{}").is_err());
        assert!(merge_json(b"{oops", b"{}").is_err());
    }

    #[test]
    fn lines_are_appended_once_and_never_glued_to_the_last() {
        assert_eq!(append(b"one", b"two\n"), b"one\ntwo\n");
        assert_eq!(append(b"one\ntwo\n", b"two"), b"one\ntwo\n");
        assert_eq!(append(b"one\ntwo-and-a-half\n", b"two"), b"one\ntwo-and-a-half\ntwo\n");
        assert_eq!(append(b"", b"one\n"), b"one\n");
    }
}
