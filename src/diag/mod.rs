//! Problems of a lab file as values: collected, never thrown.
//!
//! Owns codes, diagnostics and the texts they point into. Knows nothing of terminals: `report` shows them.

pub mod code;
pub mod diagnostic;
pub mod diagnostics;
pub mod source;
pub mod suggest;
