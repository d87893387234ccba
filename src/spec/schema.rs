//! The JSON Schema of lab files, for editors: `schemas/nest.v1.schema.json`.

/// Its text.
pub const TEXT: &str = include_str!("../../schemas/nest.v1.schema.json");

#[cfg(test)]
mod check;
#[cfg(test)]
mod completion;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod words;
#[cfg(test)]
pub(crate) use generate::{DataWord, KindName};
