//! The root engine.

use std::fmt;
use std::sync::Arc;

use crate::engine::engine::Engine;
use crate::spec::files::Vars;

/// Where the root engine is.
#[derive(Clone, Debug)]
pub struct RootEndpoint(String);

impl fmt::Display for RootEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why it cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("no engine at `{0}`")]
pub struct RootError(String);

/// Where the environment says that it is.
pub fn resolve(env: &Vars) -> Result<RootEndpoint, RootError> {
    Ok(RootEndpoint(
        env.get("DOCKER_HOST").cloned().unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned()),
    ))
}

/// Opens it.
pub fn connect(endpoint: &RootEndpoint) -> Result<Arc<dyn Engine>, RootError> {
    Err(RootError(endpoint.0.clone()))
}
