//! The containers that addresses mean, with the engines on which they are: where every command begins that looks at
//! what is there.

use std::sync::Arc;

use crate::engine::engine::Engine;
use crate::executor::survey::Surveyed;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::failure::Failure;
use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::{ContainerState, ObservedContainer};
use crate::plan::ours::{self, Ours};

use super::address::{check_all_match, is_meant, nothing_matched};
use super::context::Ctx;
use super::error::OpError;
use super::ps::{check_there, look};

/// A container of the lab.
pub struct Member {
    /// Its address.
    pub addr: Addr,
    /// The layer that owns its engine.
    pub home: LayerPath,
    /// What was observed.
    pub container: ObservedContainer,
    pub(super) engine: Arc<dyn Engine>,
}

impl Member {
    fn of(ours: &Ours<'_>, surveyed: &Surveyed) -> Self {
        Self {
            addr: ours.addr.clone(),
            home: ours.home.clone(),
            container: ours.container.clone(),
            engine: surveyed.engines.get(&ours.home).expect("a layer that answered has an engine"),
        }
    }
}

/// Containers, and what could not be seen.
pub struct Members {
    /// In the order of addresses.
    pub list: Vec<Member>,
    /// Layers whose engine does not answer.
    pub silent: Vec<(LayerPath, Failure)>,
    pub(super) surveyed: Surveyed,
}

impl Members {
    /// The one-off containers (`run`) that were seen.
    pub(super) fn one_offs(&self, project: &ProjectName) -> Vec<Member> {
        let found = ours::with_role(&self.surveyed.known, project, Some(label::ROLE_RUN));
        found.iter().map(|ours| Member::of(ours, &self.surveyed)).collect()
    }
}

/// All containers that the patterns mean, and what is inside them; no pattern means everything.
///
/// # Errors
/// When the root engine does not answer, the lab has no container, or an address names none.
pub async fn members(ctx: &Ctx, project: &ProjectName, patterns: &[Pattern]) -> Result<Members, OpError> {
    let surveyed = look(ctx, project, patterns).await?;
    let all = ours::containers(&surveyed.known, project);
    let mut known: Vec<Addr> = all.iter().map(|ours| ours.addr.clone()).collect();
    if known.is_empty() || check_all_match(patterns, &known).is_err() {
        known = check_there(ctx, project, patterns, &surveyed.known).await?;
        if known.is_empty() {
            return Err(OpError::NotUp { project: project.to_string() });
        }
    }
    let meant = all.iter().filter(|ours| is_meant(patterns, &ours.addr));
    let list = meant.map(|ours| Member::of(ours, &surveyed)).collect();
    let silent = surveyed.known.silent().map(|(path, failure)| (path.clone(), failure.clone())).collect();
    Ok(Members { list, silent, surveyed })
}

/// The one container that a pattern means; an open replica is the first.
///
/// # Errors
/// As [`members`], and when an engine on the way does not answer.
pub async fn member(ctx: &Ctx, project: &ProjectName, pattern: &Pattern) -> Result<Member, OpError> {
    surveyed_member(ctx, project, pattern).await.map(|(member, _)| member)
}

/// As [`member`], with what was seen on the way to it.
pub(super) async fn surveyed_member(
    ctx: &Ctx,
    project: &ProjectName,
    pattern: &Pattern,
) -> Result<(Member, Surveyed), OpError> {
    let found = members(ctx, project, std::slice::from_ref(pattern)).await;
    let addr = pattern.first();
    let Members { list, silent, surveyed } = found?;
    if let Some((layer, failure)) = silent.iter().find(|(layer, _)| addr.is_within(layer)) {
        return Err(OpError::silent(layer.to_string(), failure));
    }
    let known: Vec<Addr> = list.iter().map(|member| member.addr.clone()).collect();
    let same = list.into_iter().filter(|member| member.addr == addr);
    // Two of one address are left by a run that died: the one that runs is meant.
    same.max_by_key(|it| (it.container.state == ContainerState::Running, it.container.created))
        .map(|member| (member, surveyed))
        .ok_or_else(|| nothing_matched(pattern, &known))
}
