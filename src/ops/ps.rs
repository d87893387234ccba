//! What of a lab is there.

use std::sync::Arc;

use crate::executor::status::{statuses, statuses_with_one_offs};
use crate::executor::survey::{Asks, SurveyOptions, Surveyed, survey};
use crate::model::addr::{Addr, Pattern};
use crate::model::name::ProjectName;
use crate::model::status::LabStatus;
use crate::plan::known::Known;

use super::address::{check_all_match, is_meant};
use super::context::Ctx;
use super::error::OpError;
use super::shut::shut;

/// Whose containers.
#[derive(Clone, Debug)]
pub struct PsOptions {
    /// The lab.
    pub project: ProjectName,
    /// Only these and what is inside them; empty: all.
    pub patterns: Vec<Pattern>,
    /// Also one-off containers (`run`).
    pub one_offs: bool,
}

/// Observes the lab. Changes nothing.
///
/// # Errors
/// When the root engine does not answer, or an address names nothing.
pub async fn ps(ctx: &Ctx, options: &PsOptions) -> Result<LabStatus, OpError> {
    let surveyed = look(ctx, &options.project, &options.patterns).await?;
    let mut status = status(&surveyed.known, &options.project);
    let known: Vec<Addr> = status.services.iter().map(|service| service.addr.clone()).collect();
    if check_all_match(&options.patterns, &known).is_err() {
        check_there(ctx, &options.project, &options.patterns, &surveyed.known).await?;
    }
    if options.one_offs {
        status.services = statuses_with_one_offs(&surveyed.known, &options.project);
    }
    status.services.retain(|service| is_meant(&options.patterns, &service.addr));
    Ok(status)
}

/// Surveys the layers on the way to these addresses and below them.
///
/// # Errors
/// When the root engine does not answer.
pub async fn look(ctx: &Ctx, project: &ProjectName, paths: &[Pattern]) -> Result<Surveyed, OpError> {
    ask(ctx, project, paths, Asks::ListsAndFacts).await
}

/// As [`look`], for the containers alone: all that is needed to reach one of them.
///
/// # Errors
/// When the root engine does not answer.
pub async fn look_for(ctx: &Ctx, project: &ProjectName, paths: &[Pattern]) -> Result<Surveyed, OpError> {
    ask(ctx, project, paths, Asks::Containers).await
}

/// As [`look_for`], before a program is started in one of them.
///
/// # Errors
/// When the root engine does not answer.
pub async fn look_for_exec(ctx: &Ctx, project: &ProjectName, path: &Pattern) -> Result<Surveyed, OpError> {
    ask(ctx, project, std::slice::from_ref(path), Asks::ContainersForExec).await
}

async fn ask(ctx: &Ctx, project: &ProjectName, paths: &[Pattern], asks: Asks) -> Result<Surveyed, OpError> {
    let patience = ctx.limits.answer;
    let options = SurveyOptions { project: Some(project.clone()), paths: paths.to_vec(), asks, patience };
    Ok(survey(Arc::clone(&ctx.root), &options).await?)
}

/// The addresses of all containers of the lab: what an address that names nothing is compared with. A survey of the
/// way to that address alone would not know the one that was meant.
///
/// # Errors
/// When the root engine does not answer.
pub async fn known_addresses(ctx: &Ctx, project: &ProjectName) -> Result<Vec<Addr>, OpError> {
    let status = status(&look_for(ctx, project, &[]).await?.known, project);
    Ok(status.services.into_iter().map(|service| service.addr).collect())
}

/// Says why addresses name nothing in what was seen on the way to them: a node there does not run or its engine does not
/// answer, nothing of the lab is there, or there is no such thing. The addresses that are there.
///
/// # Errors
/// That, and when the root engine does not answer.
pub async fn check_there(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
    seen: &Known,
) -> Result<Vec<Addr>, OpError> {
    if let Some(shut) = shut(seen, project, patterns).into_iter().next() {
        return Err(shut.into());
    }
    let known = known_addresses(ctx, project).await?;
    if known.is_empty() && !patterns.is_empty() {
        return Err(OpError::NotUp { project: project.to_string() });
    }
    check_all_match(patterns, &known)?;
    Ok(known)
}

/// The lab as it was observed.
pub fn status(known: &Known, project: &ProjectName) -> LabStatus {
    let services = statuses(known, project);
    let silent = known.silent().map(|(path, failure)| (path.clone(), failure.clone())).collect();
    LabStatus { project: project.clone(), services, silent }
}
