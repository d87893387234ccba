//! Why a value was not read.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// An error on its way to the reader that knows the place.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Noted already.
    Noted,
    /// The type is another; holds what was expected.
    Type(String),
    /// A key is not there.
    Missing(&'static str),
    /// Anything else: a message.
    Other(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noted => f.write_str("noted"),
            Self::Type(expected) => write!(f, "expected {expected}"),
            Self::Missing(key) => write!(f, "`{key}` is missing"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ReadError {}

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn invalid_type(_: Unexpected, expected: &dyn Expected) -> Self {
        Self::Type(expected.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}
