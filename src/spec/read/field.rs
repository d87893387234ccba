//! A key that may be missing, and whose bad value is noted and then treated as missing.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use crate::model::span::{SourceId, Span, Spanned};

/// The name by which the reader knows that places are asked for.
pub(super) const FIELD: &str = "$field";
/// The same for an item of a list, which cannot be nothing.
pub(super) const ITEM: &str = "$item";

/// A value with its place, if it was written and could be read.
#[derive(Clone, Debug)]
pub(crate) struct Field<T> {
    /// The value; `None` when the key is missing, is nothing, or was refused.
    pub(crate) value: Option<T>,
    /// Where the value stands; `None` when the key is missing.
    pub(crate) place: Option<Span>,
    /// Where the key stands.
    pub(crate) key: Option<Span>,
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { value: None, place: None, key: None }
    }
}

impl<T> Field<T> {
    /// The value and its place.
    pub(crate) fn get(&self) -> Option<Spanned<&T>> {
        Some(Spanned::new(self.value.as_ref()?, self.place?))
    }

    /// The value and its place.
    pub(crate) fn take(self) -> Option<Spanned<T>> {
        Some(Spanned::new(self.value?, self.place?))
    }
}

/// Five numbers stand for key and value: source, key's start and end, value's start and end.
pub(super) type Places = (u32, u32, u32, u32, u32);

fn spans(places: Places) -> (Span, Span) {
    let source = SourceId(places.0);
    let span = |start, end| Span { source, start, end };
    (span(places.1, places.2), span(places.3, places.4))
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Field<T>, A::Error> {
        let places: Places = access.next_element()?.unwrap_or_default();
        let (key, place) = spans(places);
        // The error was noted by the reader where it arose: beside this value everything is still good.
        let value = access.next_element::<T>().unwrap_or(None);
        Ok(Field { value, place: Some(place), key: Some(key) })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(FIELD, 2, FieldVisitor(PhantomData))
    }
}

/// Reads an item of a list: as a field, but nothing is an error.
pub(super) struct Item<T>(pub(super) PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Item<T> {
    type Value = Field<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<T>, D::Error> {
        deserializer.deserialize_tuple_struct(ITEM, 2, FieldVisitor(PhantomData))
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Field<T> {
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

    fn _schemars_private_is_option() -> bool {
        true
    }
}
