//! Takes a lab or a part of it down, from its labels alone.

use std::sync::Arc;
use std::time::Duration;

use crate::diag::source::SourceMap;
use crate::model::addr::Addr;
use crate::model::name::ProjectName;
use crate::plan::goal::{Down, Goal};
pub use crate::plan::goal::{Lab, Part, Rmi};

use super::address::check_all_match;
use super::context::Ctx;
use super::error::OpError;
use super::plan::{Prepared, prepare};
use super::ps::known_addresses;
use super::shut::shut;

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
    /// Which part goes; `None`: everything.
    pub part: Option<Part>,
    /// The lab as the file has it, where there is one: an address that names nothing of it nor of what is there is
    /// a mistake. Without one it may be gone by now.
    pub lab: Option<Arc<Lab>>,
}

/// Surveys and plans. Changes nothing.
///
/// # Errors
/// When the root engine does not answer, or an address names nothing or what cannot be seen.
pub async fn prepare_down(ctx: &Ctx, options: &DownOptions) -> Result<Prepared, OpError> {
    let goal = Goal::Down(Down {
        project: options.project.clone(),
        volumes: options.volumes,
        grace: options.grace,
        patience: options.patience,
        rmi: options.rmi,
        part: options.part.clone(),
    });
    let prepared = prepare(ctx, goal).await?;
    if let (Some(part), Some(lab)) = (&options.part, &options.lab) {
        let instances = lab.topology.instances().into_iter().map(|(addr, _)| addr);
        let mut known: Vec<Addr> = instances.collect();
        if check_all_match(&part.targets, &known).is_err() {
            known.extend(known_addresses(ctx, &options.project).await?);
            check_all_match(&part.targets, &known)?;
        }
    }
    if let Some(part) = &options.part {
        let unseen = shut(&prepared.surveyed.known, &options.project, &part.targets);
        if let Some(shut) = unseen.into_iter().find(|shut| !part.has(&shut.node)) {
            return Err(shut.into());
        }
    }
    prepared.accepted(&Arc::new(SourceMap::default()))
}
