//! What every use case on an engine needs.

use std::sync::Arc;

use crate::engine::engine::Engine;
use crate::spec::files::Vars;

use super::error::OpError;
use super::root::{self, RootEndpoint};

/// The root engine and where it is.
pub struct Ctx {
    /// The engine. Nothing has been asked of it yet.
    pub root: Arc<dyn Engine>,
    /// Where it is.
    pub endpoint: RootEndpoint,
}

impl Ctx {
    /// Finds the root engine from the environment.
    ///
    /// # Errors
    /// When the environment names no usable engine. Whether it answers shows at the first call.
    pub fn open(vars: &Vars) -> Result<Self, OpError> {
        let endpoint = root::resolve(vars)?;
        let root = root::connect(&endpoint)?;
        Ok(Self { root, endpoint })
    }
}
