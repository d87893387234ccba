//! Makes the schema from the wire types, and holds the shipped file to it.

use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value, json};

use super::words;
use crate::kind::kinds::KINDS;
use crate::spec::raw::layer::Layer;

/// The names of the kinds, each with its sentence.
pub(crate) struct KindName;

impl JsonSchema for KindName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EngineKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> =
            KINDS.iter().map(|kind| json!({"const": kind.name, "description": kind.doc})).collect();
        json_schema!({"type": "string", "description": "How a node hosts its engine.", "oneOf": kinds})
    }
}

/// The words of `data`.
pub(crate) struct DataWord;

impl JsonSchema for DataWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DataWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": ["volume", "tmpfs"]})
    }
}

/// Mappings with known keys take no others but `x-*`; texts with `${…}` pass where a word is wanted.
#[derive(Clone)]
struct Close;

impl Transform for Close {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        // Doc comments are broken into lines for the reader of the source; hover text is not.
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.replace('\n', " ");
        }
        if object.contains_key("properties") {
            object.insert("additionalProperties".to_owned(), json!(false));
            object.insert("patternProperties".to_owned(), json!({"^x-": {}}));
        }
        // Of several shapes that do not fit, the YAML language server tells what is wrong with the first.
        if let Some(Value::Array(shapes)) = object.get_mut("anyOf") {
            shapes.sort_by_key(|shape| shape["type"] == "string");
        }
        // Whoever leaves a word to a variable gets no help with it, and no complaint.
        for key in ["enum", "oneOf"] {
            if let Some(words) = object.remove(key) {
                let variable = json!({"type": "string", "pattern": "\\$"});
                object.insert("anyOf".to_owned(), json!([{ key: words }, variable]));
            }
        }
    }
}

/// The schema as it should be.
fn generated() -> String {
    let settings = SchemaSettings::draft07().with_transform(Close);
    let mut schema = settings.into_generator().into_root_schema_for::<Layer>();
    schema.insert("title".to_owned(), json!("nestctl lab file"));
    words::add(&mut schema);
    words::add_nothing(&mut schema);
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

#[test]
fn the_shipped_schema_is_the_one_that_the_wire_types_make() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/nest.v1.schema.json");
    let actual = generated();
    if std::env::var_os("NESTCTL_BLESS").is_some() {
        std::fs::write(path, actual).expect("writable");
        return;
    }
    assert!(super::TEXT == actual, "schemas/nest.v1.schema.json is stale: run the test with NESTCTL_BLESS=1");
}
