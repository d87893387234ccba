//! Values that may be written in several shapes: an enum whose variants are named after them.
//!
//! A wire type derives `Deserialize` with variants renamed to these words; the reader picks the variant by the
//! shape that it finds, so that each shape is read, and complained about, by its own type.

/// Text or a number.
pub(super) const SCALAR: &str = "scalar";
/// A list.
pub(super) const LIST: &str = "list";
/// A mapping.
pub(super) const MAPPING: &str = "mapping";

/// Whether these variants are shapes, not words.
pub(super) fn are_shapes(variants: &[&str]) -> bool {
    variants.iter().all(|variant| matches!(*variant, SCALAR | LIST | MAPPING))
}

/// The shapes as words for "expected …".
pub(super) fn expected(variants: &[&str]) -> String {
    let names: Vec<&str> = variants
        .iter()
        .map(|variant| match *variant {
            SCALAR => "text",
            LIST => "a list",
            _ => "a mapping",
        })
        .collect();
    names.join(" or ")
}
