//! The parser against files: `tests/fixtures/spec`.

pub(super) mod fixture;
mod invalid;
mod keys;
mod lowering;
mod merging;
mod property;
mod resources;
mod shown;
mod spans;
mod valid;
