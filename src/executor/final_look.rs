//! The last look of an `up`: every engine once more, and what ended badly although every step went well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::{Failure, FailureKind};
use crate::model::name::ProjectName;
use crate::model::observed::{ContainerState, ObservedContainer};
use crate::plan::known::{Known, Layer};
use crate::plan::ours;
use crate::plan::step::Resource;

use super::link::Link;
use super::log_tail::log_tail;

/// Looks at every engine, at none for longer than `limit`, and gives the problems of the services in scope, in the order of addresses.
pub(super) async fn final_look(
    known: &mut Known,
    links: &BTreeMap<LayerPath, Arc<Link>>,
    project: &ProjectName,
    in_scope: &BTreeSet<Addr>,
    limit: Duration,
) -> Vec<(Resource, Failure)> {
    let mut failed = Vec::new();
    let looks = links
        .iter()
        .map(|(home, link)| async move { (home, tokio::time::timeout(limit, link.engine.observe()).await) });
    for (home, looked) in join_all(looks).await {
        let failure = match looked {
            Ok(Ok(seen)) => {
                if let Some(Layer::Answered(answered)) = known.layers.get_mut(home) {
                    answered.seen = seen;
                }
                continue;
            }
            Ok(Err(error)) => error.to_failure(),
            Err(_elapsed) => Failure {
                kind: FailureKind::Timeout,
                summary: format!("failed to look at the engine of `{home}`"),
                causes: vec![format!("no answer within {limit:?}")],
                logs: None,
            },
        };
        failed.push((home.clone(), failure));
    }
    // The engine of a node that this run has removed is no loss; that of one that has ended is told with the node.
    let mut problems = Vec::new();
    let mut fallen = BTreeSet::new();
    failed.sort_by_key(|(home, _)| home.depth());
    for (home, failure) in failed {
        let nodes = ours::containers(known, project).into_iter().filter(|ours| ours.addr.inner() == home);
        let (running, ended): (Vec<_>, Vec<_>) =
            nodes.partition(|ours| ours.container.state == ContainerState::Running);
        let is_fallen = running.is_empty() && !ended.is_empty();
        fallen.extend(ended.into_iter().filter(|_| is_fallen).map(|ours| ours.addr));
        let is_problem = home.is_root() || !running.is_empty();
        known.layers.retain(|layer, _| !layer.is_within(&home) || home.is_root());
        if is_problem {
            problems.push((Resource::Layer(home), failure));
        }
    }
    let ended = ours::containers(known, project).into_iter().filter_map(|ours| {
        let ended = ended_badly(ours.container).or_else(|| {
            let is_fallen = fallen.contains(&ours.addr);
            is_fallen.then(|| format!("it is {}", ours.container.state.as_str()))
        });
        let how = ended.filter(|_| in_scope.contains(&ours.addr))?;
        Some((ours.addr, links.get(&ours.home)?, ours.container, how))
    });
    let told = ended.map(|(addr, link, container, how)| async move {
        let logs = log_tail(&*link.engine, &container.id, &addr.to_string(), None).await;
        let summary = format!("`{addr}` did not stay up");
        let failure = Failure { kind: FailureKind::Unhealthy, summary, causes: vec![how], logs };
        (Resource::Service(addr), failure)
    });
    problems.extend(join_all(told).await);
    problems
}

/// How a container ended, if it did so badly.
fn ended_badly(container: &ObservedContainer) -> Option<String> {
    match (container.state, container.exit_code) {
        (ContainerState::Exited | ContainerState::Dead, Some(code)) if code != 0 => {
            Some(format!("it exited with code {code}"))
        }
        (ContainerState::Restarting, code) => Some(match code {
            Some(code) => format!("it exits with code {code} and is restarted again and again"),
            None => "it is restarted again and again".to_owned(),
        }),
        _ => None,
    }
}
