//! Versions.

use crate::model::facts::Facts;

use super::context::Ctx;
use super::error::OpError;

/// nestctl's own version.
pub const CLIENT: &str = env!("CARGO_PKG_VERSION");

/// What the root engine says of itself.
///
/// # Errors
/// When it does not answer.
pub async fn engine_facts(ctx: &Ctx) -> Result<Facts, OpError> {
    Ok(ctx.root.facts().await?)
}

/// The JSON Schema of the lab file.
pub const SCHEMA: &str = crate::spec::schema::TEXT;
