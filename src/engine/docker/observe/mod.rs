//! Answers of the engine as the model has them.
//!
//! Read leniently: engines of many ages and podman answer, and a word or a field that is not known must not hide
//! a whole list.

pub(super) mod about;
pub(super) mod container;
pub(super) mod detail;
pub(super) mod list;
pub(super) mod words;

#[cfg(test)]
mod tests;
