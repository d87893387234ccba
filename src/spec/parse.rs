//! The one entry: files → topology.

use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::model::topology::Topology;

use super::files::{Entry, Files, Vars};

/// What came of reading a lab.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The lab; `None` when an error leaves nothing to go on with.
    pub topology: Option<Topology>,
    /// All problems of all files.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: SourceMap,
}

/// Reads a lab.
pub fn parse(files: &dyn Files, entry: &Entry, vars: &Vars) -> Parsed {
    let _ = (files, entry, vars);
    Parsed::default()
}
