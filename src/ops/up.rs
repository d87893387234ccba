//! Brings a lab up.

use std::sync::Arc;
use std::time::Duration;

use crate::model::addr::{Addr, Pattern};
use crate::plan::goal::{Goal, Up, Wait};

pub use crate::plan::goal::{Building, Builds, ImagesOnly, OneOff, Orphans, Pulling, Starts, Way};

use super::address::check_all_match;
use super::context::Ctx;
use super::error::OpError;
use super::load::ValidLab;
use super::plan::{Prepared, prepare};

/// Until when a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Everything is ready, each wait at most so long.
    Ready(Option<Duration>),
    /// Everything is started; only what dependencies demand is waited for.
    Started,
}

/// How to bring it up.
#[derive(Clone, Debug)]
pub struct UpOptions {
    /// Only these and what they need; empty: all.
    pub targets: Vec<Pattern>,
    /// Until when.
    pub until: Until,
    /// Make containers anew although nothing changed.
    pub force_recreate: bool,
    /// What becomes of containers of services that the file no longer has.
    pub orphans: Orphans,
    /// Make a node anew although files inside it, on no volume, go with it.
    pub discard_node_files: bool,
    /// In which way otherwise.
    pub way: Way,
}

/// Surveys and plans. Changes nothing.
///
/// # Errors
/// When an address names nothing, the root engine does not answer, or the plan shows that it cannot work.
pub async fn prepare_up(ctx: &Ctx, lab: &ValidLab, options: &UpOptions) -> Result<Prepared, OpError> {
    let topology = &lab.lab.topology;
    if !options.targets.is_empty() {
        let mut known: Vec<Addr> = topology.instances().into_iter().map(|(addr, _)| addr).collect();
        // A service of no replicas is in the lab all the same: `scale web=0` names one.
        let named = options.targets.iter().map(Pattern::first);
        known.extend(named.filter(|addr| topology.service(addr).is_some()));
        check_all_match(&options.targets, &known)?;
    }
    let goal = Goal::Up(Up {
        lab: Arc::clone(&lab.lab),
        targets: options.targets.clone(),
        wait: match options.until {
            Until::Ready(limit) => Wait::Ready(limit),
            Until::Started => Wait::Started,
        },
        force_recreate: options.force_recreate,
        orphans: options.orphans,
        discard_node_files: options.discard_node_files,
        way: options.way.clone(),
    });
    prepare(ctx, goal).await?.accepted(&lab.sources)
}
