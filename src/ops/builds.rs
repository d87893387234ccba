//! The builds of a lab, without an engine.

use std::sync::Arc;

use crate::model::addr::Addr;
use crate::plan::goal::{Orphans, Up, Wait};
use crate::plan::lab_builds::lab_builds;

pub use crate::plan::lab_builds::LabBuild;

use super::address::check_all_match;
use super::error::OpError;
use super::load::ValidLab;
use super::up::UpOptions;

/// All builds that `options` ask for, in their order.
///
/// # Errors
/// When an address names nothing, or a build cannot work.
pub fn builds(lab: &ValidLab, options: &UpOptions) -> Result<Vec<LabBuild>, OpError> {
    let instances: Vec<Addr> = lab.lab.topology.instances().into_iter().map(|(addr, _)| addr).collect();
    check_all_match(&options.targets, &instances)?;
    let up = Up {
        lab: Arc::clone(&lab.lab),
        targets: options.targets.clone(),
        wait: Wait::Started,
        force_recreate: false,
        orphans: Orphans::Ignore,
        discard_node_files: false,
        way: options.way.clone(),
    };
    let refused = |diagnostics| OpError::Refused { diagnostics, sources: Arc::clone(&lab.sources) };
    lab_builds(&up).map_err(refused)
}
