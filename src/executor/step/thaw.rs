//! Thawing what is frozen in a node: a helper that runs to its end and goes again.

use crate::engine::engine::{Change, Remove};
use crate::engine::error::EngineError;
use crate::executor::step_context::StepContext;
use crate::model::failure::FailureKind;
use crate::plan::action::NewContainer;

use super::create_container::create_container;

/// Runs the helper. One that a killed run has left is the very one, and is started again.
pub(super) async fn thaw(context: &StepContext, helper: &NewContainer) -> Result<(), EngineError> {
    create_container(context, helper).await?;
    let ran = run(context, &helper.name).await;
    let remove = Remove::Container { container: helper.name.clone(), volumes: true };
    let removed = context.engine().remove(&remove).await;
    ran.and(removed)
}

async fn run(context: &StepContext, helper: &str) -> Result<(), EngineError> {
    let engine = context.engine();
    let end = engine.wait(helper, true).await?;
    engine.act(helper, &Change::Start).await?;
    match end.await? {
        0 => Ok(()),
        code => {
            let why = format!("it ended with code {code}");
            Err(EngineError::new("run", helper, FailureKind::Engine, why))
        }
    }
}
