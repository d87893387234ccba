//! A node that ended under the steps that work inside it: one failure, the node's, in place of what each of its
//! inner calls says of a connection that broke.

use std::sync::Arc;
use std::time::Duration;

use crate::model::addr::Addr;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observed::{ContainerDetail, ContainerState};
use crate::plan::ours;

use super::failure;
use super::link::Link;
use super::log_tail::log_tail;
use super::step_context::{Broken, StepContext};
use super::verdict;
use super::wait::Watch;

/// The connection into a node breaks before its engine knows that the node has ended.
const LATE_NEWS: Duration = Duration::from_secs(2);

/// A node on the way to a step's engine.
pub(super) struct Way {
    /// The node.
    pub(super) node: Addr,
    /// The engine that runs it.
    pub(super) link: Arc<Link>,
}

/// Looks for a node that ended when a step inside it failed. The outermost one is to blame.
pub(super) async fn blame(context: &StepContext, failure: Failure) -> Broken {
    for way in &context.way {
        let Some(detail) = ended(context, way, failure.kind).await else { continue };
        let node = way.node.to_string();
        let causes = vec![format!("the node `{node}` does not run any more: {}", verdict::exit(&detail))];
        let told = failure::of_step_because(&context.step, FailureKind::Unhealthy, causes);
        let logs = log_tail(&*way.link.engine, &detail.id, &node, Some(&detail.started_at)).await;
        return Broken::Fallen(way.node.clone(), Box::new(Failure { logs, ..told }));
    }
    failure.into()
}

/// Whether every node on the way to the step's engine runs, as far as anybody can say.
pub(super) async fn is_way_open(context: &StepContext) -> bool {
    for way in &context.way {
        let Ok(seen) = way.link.engine.observe().await else { continue };
        let mut nodes = ours::on(&seen, &context.project, &context.root_id);
        if !nodes.any(|(addr, node)| addr == way.node && node.state == ContainerState::Running) {
            return false;
        }
    }
    true
}

/// The node as it ended; `None` while it runs, and when nobody can say.
async fn ended(context: &StepContext, way: &Way, kind: FailureKind) -> Option<ContainerDetail> {
    let seen = way.link.engine.observe().await.ok()?;
    let nodes = ours::on(&seen, &context.project, &context.root_id);
    let mut nodes = nodes.filter(|(addr, _)| *addr == way.node).map(|(_, container)| container);
    let node = nodes.next()?;
    if nodes.next().is_some() {
        // It is just being replaced.
        return None;
    }
    if node.state == ContainerState::Running && kind != FailureKind::Unreachable {
        return None;
    }
    let mut watch = Watch::new(&way.link, &node.id);
    tokio::time::timeout(LATE_NEWS, watch.ended()).await.ok()?.ok()
}
