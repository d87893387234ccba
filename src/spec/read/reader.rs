//! The `Deserializer`.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::Span;
use crate::spec::problems::Problems;
use crate::spec::tree::node::{Node, Pair, Value};
use crate::spec::tree::scalar::{Resolved, whole};

use super::error::ReadError;
use super::field::{FIELD, ITEM};
use super::shapes;
use super::words;

/// Reads a value of the tree, the one of `key` or the root's; `None` when it was refused, with the reason noted.
pub(crate) fn read<'t, T: Deserialize<'t>>(
    node: &'t Node,
    key: Option<&'t str>,
    problems: &'t Problems,
) -> Option<T> {
    let name = key.map_or(Name::Root, Name::Key);
    T::deserialize(Reader { node, key: node.head, name, problems }).ok()
}

/// A node that serde reads.
#[derive(Clone, Copy)]
struct Reader<'t> {
    node: &'t Node,
    key: Span,
    name: Name<'t>,
    problems: &'t Problems,
}

/// What a node is called in messages.
#[derive(Clone, Copy)]
enum Name<'t> {
    /// The root of a file.
    Root,
    Key(&'t str),
    ItemOf(&'t str),
    Item,
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => f.write_str("a layer"),
            Self::Key(key) => f.write_str(&words::quote(key)),
            Self::ItemOf(key) => write!(f, "an item of {}", words::quote(key)),
            Self::Item => f.write_str("an item"),
        }
    }
}

type Answer<T> = Result<T, ReadError>;

impl<'t> Reader<'t> {
    /// Notes an error that has no place yet: this node's.
    fn settle<T>(&self, answer: Answer<T>) -> Answer<T> {
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match error {
            ReadError::Noted => {}
            ReadError::Type(expected) => self.wrong_type(&expected),
            ReadError::Missing(key) => {
                let message = format!("`{key}` is missing");
                self.problems.error(Code::MissingKey, self.node.head, message, format!("Add `{key}`."));
            }
            ReadError::Other(message) => {
                self.problems.error(Code::BadValue, self.node.head, message, "Write another value.");
            }
        }
        Err(ReadError::Noted)
    }

    fn wrong_type(&self, expected: &str) {
        let found = words::found(self.node);
        let message = if self.node.is_null() {
            format!("{} must be {expected}, and is empty", self.name)
        } else {
            format!("{} must be {expected}, not {found}", self.name)
        };
        let problem = Diagnostic::error(Code::WrongType, message)
            .at(self.node.head, format!("this is {found}"))
            .help(self.type_help(expected));
        self.problems.push(problem);
    }

    fn type_help(&self, expected: &str) -> String {
        match &self.node.value {
            Value::Scalar(scalar) if scalar.is_null() => "Write a value, or take the key away.".to_owned(),
            Value::Scalar(scalar) if expected.contains("text") && scalar.text.len() <= 60 => {
                format!("Put it in quotes: \"{}\".", scalar.text)
            }
            Value::Scalar(scalar) if expected == "a list" && scalar.text.len() <= 60 => {
                format!("Make it a list of one: [{:?}].", scalar.text)
            }
            Value::Mapping(_) if expected.contains("list") => "Begin each item with `- `.".to_owned(),
            Value::List(_) if expected == "a mapping" => "Write `key: value` lines without `- `.".to_owned(),
            _ => format!("Write {expected}."),
        }
    }

    fn refuse<T>(&self, expected: &str) -> Answer<T> {
        self.wrong_type(expected);
        Err(ReadError::Noted)
    }

    fn bad<T>(&self, message: String, help: &str) -> Answer<T> {
        self.problems.error(Code::BadValue, self.node.head, message, help);
        Err(ReadError::Noted)
    }

    fn child(self, node: &'t Node, key: Span, name: Name<'t>) -> Self {
        Self { node, key, name, problems: self.problems }
    }

    fn boolean(&self) -> Answer<bool> {
        let Value::Scalar(scalar) = &self.node.value else { return self.refuse("`true` or `false`") };
        let value = match scalar.text.to_ascii_lowercase().as_str() {
            "true" => return Ok(true),
            "false" => return Ok(false),
            "1" | "t" | "y" | "yes" | "on" => true,
            "0" | "f" | "n" | "no" | "off" => false,
            _ => return self.refuse("`true` or `false`"),
        };
        let message = format!("`{}` for a boolean is not YAML 1.2", scalar.text);
        let problem = Diagnostic::warning(Code::Deprecated, message)
            .at(self.node.head, "")
            .help(format!("Write `{value}`."));
        self.problems.push(problem);
        Ok(value)
    }

    fn whole(&self) -> Answer<i64> {
        let Value::Scalar(scalar) = &self.node.value else { return self.refuse("a whole number") };
        match whole(scalar.text.trim()) {
            Some(value) => Ok(value),
            None => self.refuse("a whole number"),
        }
    }

    /// One of several words.
    fn word<V: Visitor<'t>>(self, variants: &'static [&'static str], visitor: V) -> Answer<V::Value> {
        let Value::Scalar(scalar) = &self.node.value else { return self.refuse("text") };
        if !variants.contains(&scalar.text.as_str()) {
            let help = words::instead(&scalar.text, variants, "values");
            return self.bad(format!("{} is not a value of this key", words::quote(&scalar.text)), &help);
        }
        visitor.visit_enum(StrDeserializer::<ReadError>::new(&scalar.text))
    }
}

impl<'t> Deserializer<'t> for Reader<'t> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        let answer = match &self.node.value {
            Value::Scalar(scalar) => match scalar.resolve() {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Whole(value) => visitor.visit_i64(value),
                Resolved::Large(value) => visitor.visit_u64(value),
                Resolved::Number(value) => visitor.visit_f64(value),
                Resolved::Text(text) => visitor.visit_str(text),
            },
            Value::List(items) => visitor.visit_seq(Items { reader: self, items: items.iter() }),
            Value::Mapping(pairs) => {
                visitor.visit_map(Entries { reader: self, pairs: pairs.iter(), fields: None, value: None })
            }
        };
        self.settle(answer)
    }

    fn deserialize_bool<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_i64<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_string<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        match &self.node.value {
            Value::Scalar(scalar) if matches!(scalar.resolve(), Resolved::Text(_)) => {
                visitor.visit_str(&scalar.text)
            }
            _ => self.refuse("text"),
        }
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        match &self.node.value {
            Value::Mapping(_) => self.deserialize_any(visitor),
            Value::Scalar(_) | Value::List(_) => self.refuse("a mapping"),
        }
    }

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        match &self.node.value {
            Value::List(_) => self.deserialize_any(visitor),
            Value::Scalar(_) | Value::Mapping(_) => self.refuse("a list"),
        }
    }

    fn deserialize_struct<V: Visitor<'t>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Answer<V::Value> {
        let pairs: &[Pair] = match &self.node.value {
            Value::Mapping(pairs) => pairs,
            Value::Scalar(scalar) if scalar.is_null() => &[],
            Value::Scalar(_) | Value::List(_) => return self.refuse("a mapping"),
        };
        let fields = Some((name, fields));
        let entries = Entries { reader: self, pairs: pairs.iter(), fields, value: None };
        self.settle(visitor.visit_map(entries))
    }

    fn deserialize_tuple_struct<V: Visitor<'t>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Answer<V::Value> {
        debug_assert!(name == FIELD || name == ITEM, "no wire type is a tuple struct");
        visitor.visit_seq(Placed { reader: self, nothing: name == FIELD, turn: 0 })
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Answer<V::Value> {
        if !shapes::are_shapes(variants) {
            let answer = self.word(variants, visitor);
            return self.settle(answer);
        }
        let shape = match &self.node.value {
            Value::Scalar(_) => shapes::SCALAR,
            Value::List(_) => shapes::LIST,
            Value::Mapping(_) => shapes::MAPPING,
        };
        if !variants.contains(&shape) || self.node.is_null() {
            return self.refuse(&shapes::expected(variants));
        }
        visitor.visit_enum(Shaped { shape, reader: self })
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Answer<V::Value> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(self, _: &'static str, visitor: V) -> Answer<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        <W: Visitor<'t>>
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple identifier
    }
}

/// The items of a list.
struct Items<'t> {
    reader: Reader<'t>,
    items: std::slice::Iter<'t, Node>,
}

impl<'t> SeqAccess<'t> for Items<'t> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Answer<Option<S::Value>> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let name = match self.reader.name {
            Name::Key(key) => Name::ItemOf(key),
            Name::Root | Name::ItemOf(_) | Name::Item => Name::Item,
        };
        seed.deserialize(self.reader.child(node, node.head, name)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a mapping; with `fields`, a type and its keys, only those.
struct Entries<'t> {
    reader: Reader<'t>,
    pairs: std::slice::Iter<'t, Pair>,
    fields: Option<(&'static str, &'static [&'static str])>,
    value: Option<&'t Pair>,
}

impl<'t> Entries<'t> {
    /// The next entry that is read; what is not known is told on the way.
    fn next(&mut self) -> Option<&'t Pair> {
        let Some((name, fields)) = self.fields else { return self.pairs.next() };
        for pair in self.pairs.by_ref() {
            let key = pair.key.value.as_str();
            if fields.contains(&key) {
                return Some(pair);
            }
            let problems = self.reader.problems;
            if !key.starts_with("x-") && !problems.is_full() {
                let message = format!("unknown key {} in {}", words::quote(key), words::thing(name));
                let help = words::misplaced(name, key)
                    .map_or_else(|| words::instead(key, fields, "keys here"), str::to_owned);
                problems.error(Code::UnknownKey, pair.key.span, message, help);
            }
        }
        None
    }
}

impl<'t> serde::de::MapAccess<'t> for Entries<'t> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Answer<Option<S::Value>> {
        let Some(pair) = self.next() else { return Ok(None) };
        self.value = Some(pair);
        seed.deserialize(StrDeserializer::new(&pair.key.value)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Answer<S::Value> {
        let pair = self.value.take().ok_or(ReadError::Noted)?;
        seed.deserialize(self.reader.child(&pair.value, pair.key.span, Name::Key(&pair.key.value)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

/// A value and its place, for `Field`.
struct Placed<'t> {
    reader: Reader<'t>,
    /// Whether it may be nothing.
    nothing: bool,
    turn: u8,
}

impl<'t> SeqAccess<'t> for Placed<'t> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Answer<Option<S::Value>> {
        self.turn += 1;
        let (key, value) = (self.reader.key, self.reader.node.head);
        match self.turn {
            1 => {
                let places = [value.source.0, key.start, key.end, value.start, value.end];
                seed.deserialize(SeqDeserializer::new(places.into_iter())).map(Some)
            }
            2 if self.reader.node.is_refused() || (self.nothing && self.reader.node.is_null()) => Ok(None),
            2 => seed.deserialize(self.reader).map(Some),
            _ => Ok(None),
        }
    }
}

/// A node as the variant named after its shape.
struct Shaped<'t> {
    shape: &'static str,
    reader: Reader<'t>,
}

impl<'t> EnumAccess<'t> for Shaped<'t> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Answer<(S::Value, Self)> {
        let variant = seed.deserialize(StrDeserializer::<ReadError>::new(self.shape))?;
        Ok((variant, self))
    }
}

impl<'t> VariantAccess<'t> for Shaped<'t> {
    type Error = ReadError;

    fn unit_variant(self) -> Answer<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Answer<S::Value> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, visitor: V) -> Answer<V::Value> {
        self.reader.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'t>>(self, _: &'static [&'static str], visitor: V) -> Answer<V::Value> {
        self.reader.deserialize_any(visitor)
    }
}
