//! The schema against the fixtures: an editor must not complain about a good lab, nor stay silent about what the
//! shape alone tells. Written out for the few words of JSON Schema that the generator uses, so that no validator
//! has to be built; a word that is not known here fails the test.

use serde_json::{Map, Value};

use super::words;
use crate::diag::code::Code;
use crate::diag::source::SourceMap;
use crate::spec::files::Entry;
use crate::spec::problems::Problems;
use crate::spec::read::reader::read;
use crate::spec::tests::fixture::{Fixture, all, examples};
use crate::spec::tree::build::build;

/// What YAML itself refuses, which an editor says without a schema.
const NOT_A_SHAPE: &[&str] = &["complex-key", "merge-of-a-list"];

/// The lab file of a fixture as JSON; `None` when it is not YAML.
fn json(fixture: &Fixture) -> Option<Value> {
    let bytes = fixture.files.get(&fixture.entry.files[0])?;
    let text = std::str::from_utf8(bytes).ok()?;
    let problems = Problems::default();
    let source = SourceMap::default().add("nest.yaml", text);
    let tree = build(text, source, &problems)?;
    read(&tree, None, &problems)
}

fn schema() -> Value {
    serde_json::from_str(super::TEXT).expect("the schema is JSON")
}

#[test]
fn the_schema_accepts_every_good_lab_and_every_example() {
    let schema = schema();
    for fixture in all("valid").into_iter().chain(examples()) {
        let lab = json(&fixture).expect("a good lab is YAML");
        let mut faults = Vec::new();
        check(&schema, &schema, &lab, "", &mut faults);
        assert_eq!(faults, Vec::<String>::new(), "{}", fixture.name);
    }
}

/// Files that `docker compose` takes: the cases that are compared with it.
#[test]
fn the_schema_accepts_what_the_peer_takes() {
    let schema = schema();
    let (mut faults, mut seen) = (Vec::new(), 0);
    for kind in ["compose", "compose-build", "compose-config", "compose-down", "compose-up"] {
        for fixture in all(&format!("../{kind}")) {
            let files = fixture.files.keys();
            let file =
                files.filter(|path| path.ends_with("compose.yaml")).min_by_key(|path| path.as_os_str().len());
            let Some(file) = file else { continue };
            let entry = Entry { files: vec![file.clone()], ..fixture.entry.clone() };
            let fixture = Fixture { entry, ..fixture };
            let Some(lab) = json(&fixture) else { continue };
            let mut found = Vec::new();
            check(&schema, &schema, &lab, "", &mut found);
            faults.extend(found.iter().map(|fault| format!("{kind}/{}: {fault}", fixture.name)));
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} cases were looked at");
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_schema_refuses_every_bad_lab_whose_shape_is_wrong() {
    let schema = schema();
    let mut refused = 0;
    for fixture in all("invalid") {
        let shape = |code| matches!(code, Code::UnknownKey | Code::WrongType | Code::UnknownKind);
        let parsed = fixture.parse();
        let in_file = |span| parsed.sources.place(span).starts_with("nest.yaml:");
        let wrong = parsed
            .diagnostics
            .iter()
            .any(|problem| shape(problem.code) && problem.labels.iter().all(|label| in_file(label.span)));
        let Some(lab) = json(&fixture).filter(|_| wrong && !NOT_A_SHAPE.contains(&fixture.name.as_str()))
        else {
            continue;
        };
        let mut faults = Vec::new();
        check(&schema, &schema, &lab, "", &mut faults);
        assert!(!faults.is_empty(), "{}", fixture.name);
        refused += 1;
    }
    assert!(refused >= 8, "only {refused} of the bad labs have a wrong shape");
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let Value::Object(words) = schema else {
        assert_eq!(*schema, Value::Bool(true), "a schema is a mapping");
        return;
    };
    for (word, argument) in words {
        match word.as_str() {
            "$schema" | "title" | "description" | "definitions" | "examples" | "default" | "format"
            | "patternProperties" | "properties" => {}
            "$ref" => {
                let path = argument.as_str().and_then(|path| path.strip_prefix('#')).expect("a local name");
                check(root, root.pointer(path).expect("a definition"), value, at, faults);
            }
            "type" => check_type(argument, value, at, faults),
            "const" => push_unless(value == argument, faults, at, "is another value"),
            "enum" => push_unless(list(argument).contains(value), faults, at, "is none of the words"),
            "pattern" => {
                let pattern = argument.as_str().expect("a pattern is a text");
                let fits = value.as_str().is_none_or(|text| matches(pattern, text));
                push_unless(fits, faults, at, "is of another pattern");
            }
            "anyOf" => {
                let any = list(argument).iter().any(|one| fits(root, one, value));
                push_unless(any, faults, at, "has none of the shapes");
            }
            "oneOf" => {
                let count = list(argument).iter().filter(|one| fits(root, one, value)).count();
                push_unless(count == 1, faults, at, "has not exactly one of the shapes");
            }
            "allOf" => list(argument).iter().for_each(|one| check(root, one, value, at, faults)),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, argument, item, &format!("{at}/{i}"), faults);
                }
            }
            "required" => {
                for key in list(argument) {
                    let has = value
                        .as_object()
                        .is_none_or(|value| value.contains_key(key.as_str().expect("a key")));
                    push_unless(has, faults, at, "lacks a key");
                }
            }
            "additionalProperties" => check_keys(root, words, argument, value, at, faults),
            other => panic!("`{other}` is a word of JSON Schema that this test does not know"),
        }
    }
}

fn check_keys(
    root: &Value,
    words: &Map<String, Value>,
    more: &Value,
    value: &Value,
    at: &str,
    faults: &mut Vec<String>,
) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{key}");
        match words.get("properties").and_then(|properties| properties.get(key)) {
            Some(schema) => check(root, schema, value, &at, faults),
            None if words.contains_key("patternProperties") && key.starts_with("x-") => {}
            None if *more == Value::Bool(false) => faults.push(format!("{at} is no key")),
            None => check(root, more, value, &at, faults),
        }
    }
}

fn check_type(argument: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let is = |name: &Value| match name.as_str().expect("a type is a word") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    };
    let ok = argument.as_array().map_or_else(|| is(argument), |types| types.iter().any(is));
    push_unless(ok, faults, at, "has another type");
}

/// The few patterns that the generator uses.
fn matches(pattern: &str, text: &str) -> bool {
    let after = |heads: &[&str]| heads.iter().find_map(|head| text.strip_prefix(head));
    match pattern {
        "\\$" => text.contains('$'),
        "^$" => text.is_empty(),
        words::SHARED => {
            text.is_empty() || after(&["service:", "container:"]).is_some_and(|it| !it.is_empty())
        }
        words::EVERY => after(&["every_"]).is_some_and(|it| !it.is_empty()),
        words::FAILURES => {
            let is_number = |it: &str| !it.is_empty() && it.chars().all(|c| c.is_ascii_digit());
            text.is_empty() || after(&["on-failure:"]).is_some_and(is_number)
        }
        other => panic!("`{other}` is a pattern that this test does not know"),
    }
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut faults = Vec::new();
    check(root, schema, value, "", &mut faults);
    faults.is_empty()
}

fn push_unless(ok: bool, faults: &mut Vec<String>, at: &str, what: &str) {
    if !ok {
        faults.push(format!("{at} {what}"));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}
