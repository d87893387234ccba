//! The builds of a lab, without an engine; and their check by one.

use std::sync::Arc;

use crate::engine::build::Build;
use crate::model::addr::Addr;
use crate::model::build::Checked;
use crate::plan::goal::{Orphans, Up, Wait};
use crate::plan::lab_builds::lab_builds;

pub use crate::plan::lab_builds::LabBuild;

use super::address::check_all_match;
use super::context::Ctx;
use super::error::OpError;
use super::host_files::DiskFiles;
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

/// Has the Dockerfiles of those that are meant checked: what was found, by the builds' names.
///
/// # Errors
/// When the engine cannot check one.
pub async fn check_builds(ctx: &Ctx, builds: &[LabBuild]) -> Result<Vec<(String, Checked)>, OpError> {
    let mut out = Vec::new();
    for LabBuild { name, order, .. } in builds.iter().filter(|it| it.is_meant) {
        let build =
            Build { spec: order.spec.clone(), names: order.names.clone(), platform: order.platform.clone() };
        out.push((name.clone(), ctx.root.check_build(&build, Arc::new(DiskFiles)).await?));
    }
    Ok(out)
}
