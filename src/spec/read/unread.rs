//! Parts of the tree that are read later, or never.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// A value of type `T` that is read later from its place in the tree: reading goes down one layer at a time, so
/// that no file decides how deep the stack gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread<T>(PhantomData<fn() -> T>);

impl<'de, T> Deserialize<'de> for Unread<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Self(PhantomData))
    }
}

/// A value that Compose knows and nestctl does not honour yet: accepted here, refused by name afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotYet;

impl<'de> Deserialize<'de> for NotYet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Self)
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Unread<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for NotYet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NotYet".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"description": "A key of the Compose specification that nestctl does not support yet."})
    }
}
