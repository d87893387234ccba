//! The tree through serde's eyes: a `Deserializer` that notes what it cannot read, at the exact place, and goes on.
//!
//! Wire types are plain structs with derived `Deserialize`; what makes the reading go on are the few generic
//! types here, behind which a value may be missing after all: [`field::Field`], [`list::List`], [`dict::Dict`].
//! Knows no key of the language.

pub(crate) mod dict;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod leaf;
pub(crate) mod list;
pub(crate) mod reader;
pub(crate) mod shapes;
pub(crate) mod unread;
pub(crate) mod words;
