//! Mappings from names that the user chooses: a bad value is noted, its name stays.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::field::Field;

/// The entries in the order of the file. A value may be nothing (`KEY:`), which some keys give a meaning.
#[derive(Clone, Debug)]
pub(crate) struct Dict<T>(pub(crate) Vec<(String, Field<T>)>);

impl<T> Default for Dict<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct DictVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for DictVisitor<T> {
    type Value = Dict<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Dict<T>, A::Error> {
        let mut entries = Vec::with_capacity(access.size_hint().unwrap_or_default());
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Dict(entries))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Dict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DictVisitor(PhantomData))
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Dict<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Mapping_to_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let values = generator.subschema_for::<T>();
        schemars::json_schema!({"type": "object", "additionalProperties": values})
    }
}
