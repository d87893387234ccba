//! Takes a lab down, from its labels alone.

use std::sync::Arc;
use std::time::Duration;

use crate::diag::source::SourceMap;
use crate::model::name::ProjectName;
pub use crate::plan::goal::Rmi;
use crate::plan::goal::{Down, Goal};

use super::context::Ctx;
use super::error::OpError;
use super::plan::{Prepared, prepare};

/// How to take it down.
#[derive(Clone, Debug)]
pub struct DownOptions {
    /// Whose.
    pub project: ProjectName,
    /// Whether volumes go too.
    pub volumes: bool,
    /// Grace for every container in place of its own.
    pub grace: Option<Duration>,
    /// How long a stopped node may take to answer, so that it can be emptied.
    pub patience: Option<Duration>,
    /// Which images go too.
    pub rmi: Option<Rmi>,
}

/// Surveys and plans. Changes nothing.
///
/// # Errors
/// When the root engine does not answer.
pub async fn prepare_down(ctx: &Ctx, options: &DownOptions) -> Result<Prepared, OpError> {
    let goal = Goal::Down(Down {
        project: options.project.clone(),
        volumes: options.volumes,
        grace: options.grace,
        patience: options.patience,
        rmi: options.rmi,
    });
    prepare(ctx, goal).await?.accepted(&Arc::new(SourceMap::default()))
}
