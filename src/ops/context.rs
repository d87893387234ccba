//! What every use case on an engine needs.

use std::sync::Arc;

use crate::engine::engine::Engine;
use crate::spec::files::Vars;

use super::error::OpError;
use super::limits::Limits;
use super::lock::LockOptions;
use super::root::{self, ChosenBy, RootEndpoint};

/// The root engine and where it is.
pub struct Ctx {
    /// The engine. Nothing has been asked of it yet.
    pub root: Arc<dyn Engine>,
    /// Where it is.
    pub endpoint: RootEndpoint,
    /// How long things may take.
    pub limits: Limits,
    /// How the lab is locked; `None`: nothing is changed, or nobody else can be at it.
    pub lock: Option<LockOptions>,
}

impl Ctx {
    /// An engine, with the limits that hold where nobody says otherwise.
    pub fn new(root: Arc<dyn Engine>, endpoint: RootEndpoint) -> Self {
        Self { root, endpoint, limits: Limits::default(), lock: None }
    }

    /// Finds the root engine from the environment.
    ///
    /// # Errors
    /// When the environment names no usable engine, or a limit that is none. Whether it answers shows at the first
    /// call.
    pub fn open(vars: &Vars) -> Result<Self, OpError> {
        Self::open_for(vars, &ChosenBy::Environment)
    }

    /// As [`Self::open`]; `host_by` is what has set `DOCKER_HOST`, if it is set.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for(vars: &Vars, host_by: &ChosenBy) -> Result<Self, OpError> {
        let limits = Limits::of(vars)?;
        let endpoint = root::resolve_for(vars, host_by)?;
        let root = root::connect(&endpoint, limits.engine)?;
        Ok(Self { limits, ..Self::new(root, endpoint) })
    }

    /// Itself, for a use case that changes the lab.
    #[must_use]
    pub fn locking(mut self, lock: LockOptions) -> Self {
        self.lock = Some(lock);
        self
    }
}
