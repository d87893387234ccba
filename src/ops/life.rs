//! Starts, stops, restarts, pauses, continues, kills and removes containers that are there.

use std::sync::Arc;

use crate::diag::source::SourceMap;
use crate::model::addr::{Addr, Pattern};
use crate::plan::action::Action;
use crate::plan::goal::Goal;
use crate::plan::ours;

pub use crate::plan::goal::{Life, Verb, Wait};

use super::address::check_all_match;
use super::context::Ctx;
use super::error::OpError;
use super::plan::{Prepared, prepare};
use super::ps::known_addresses;
use super::shut::{Shut, shut};

/// Surveys and plans. Changes nothing.
///
/// # Errors
/// When the root engine does not answer, the lab has no container, or an address names none or what cannot be seen.
pub async fn prepare_life(ctx: &Ctx, life: Life) -> Result<Prepared, OpError> {
    let (project, targets, verb) = (life.project.clone(), life.targets.clone(), life.verb.clone());
    let prepared = prepare(ctx, Goal::Life(life)).await?;
    let found = ours::containers(&prepared.surveyed.known, &project);
    let mut known: Vec<Addr> = found.into_iter().map(|ours| ours.addr).collect();
    if known.is_empty() {
        return Err(OpError::NotUp { project: project.to_string() });
    }
    let unseen = shut(&prepared.surveyed.known, &project, &targets);
    let into_one = |target: &Pattern| unseen.iter().any(|shut| target.leads_into(&shut.node));
    let seen: Vec<Pattern> = targets.iter().filter(|target| !into_one(target)).cloned().collect();
    if check_all_match(&seen, &known).is_err() {
        known = known_addresses(ctx, &project).await?;
        check_all_match(&seen, &known)?;
    }
    if let Some(shut) = unseen.into_iter().find(|shut| !is_done(&verb, shut)) {
        return Err(shut.into());
    }
    prepared.accepted(&Arc::new(SourceMap::default()))
}

/// Whether a verb can do without seeing into a node: `start` starts it and looks, and nothing runs in one that has ended.
fn is_done(verb: &Verb, shut: &Shut) -> bool {
    match verb {
        Verb::Start => true,
        Verb::Stop | Verb::Kill { .. } => shut.is_at_rest(),
        Verb::Restart { .. } | Verb::Pause | Verb::Unpause | Verb::Remove { .. } => false,
    }
}

/// What is left as it is because the node that it is inside does not run.
pub fn at_rest(prepared: &Prepared) -> Vec<Shut> {
    match &prepared.goal {
        Goal::Life(life) if life.verb != Verb::Start => {
            shut(&prepared.surveyed.known, &life.project, &life.targets)
        }
        _ => Vec::new(),
    }
}

/// The addresses whose containers are removed.
pub fn removed(prepared: &Prepared) -> Vec<String> {
    let steps = prepared.plan.steps.iter();
    steps
        .filter(|step| matches!(step.action, Action::Remove { .. }))
        .map(|step| step.of.to_string())
        .collect()
}
