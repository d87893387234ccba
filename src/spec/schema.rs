//! The JSON Schema of the lab file.

/// Its text.
pub const TEXT: &str = "{}\n";
