//! Starts, stops, restarts, pauses, continues, kills and removes containers that are there.

use std::sync::Arc;

use crate::diag::source::SourceMap;
use crate::model::addr::Addr;
use crate::plan::action::Action;
use crate::plan::goal::Goal;
use crate::plan::ours;

pub use crate::plan::goal::{Life, Verb, Wait};

use super::address::check_all_match;
use super::context::Ctx;
use super::error::OpError;
use super::plan::{Prepared, prepare};
use super::ps::known_addresses;

/// Surveys and plans. Changes nothing.
///
/// # Errors
/// When the root engine does not answer, the lab has no container, or an address names none.
pub async fn prepare_life(ctx: &Ctx, life: Life) -> Result<Prepared, OpError> {
    let (project, targets) = (life.project.clone(), life.targets.clone());
    let prepared = prepare(ctx, Goal::Life(life)).await?;
    let found = ours::containers(&prepared.surveyed.known, &project);
    let mut known: Vec<Addr> = found.into_iter().map(|ours| ours.addr).collect();
    if known.is_empty() {
        return Err(OpError::NotUp { project: project.to_string() });
    }
    // What is inside a node that does not run is not seen: its address is taken at its word.
    let is_below = |known: &[Addr]| {
        targets.iter().all(|target| {
            known.iter().any(|addr| {
                target.matches_within(addr)
                    || (target.parts().len() > addr.parts().len()
                        && prepared.surveyed.known.home(&addr.inner()).is_none()
                        && target.first().is_within(&addr.inner()))
            })
        })
    };
    if !is_below(&known) {
        known = known_addresses(ctx, &project).await?;
        check_all_match(&targets, &known)?;
    }
    prepared.accepted(&Arc::new(SourceMap::default()))
}

/// The addresses whose containers are removed.
pub fn removed(prepared: &Prepared) -> Vec<String> {
    let steps = prepared.plan.steps.iter();
    steps
        .filter(|step| matches!(step.action, Action::Remove { .. }))
        .map(|step| step.of.to_string())
        .collect()
}
