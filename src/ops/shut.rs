//! Addresses inside nodes into which nothing sees: what they mean can neither be shown nor be changed.

use crate::executor::status::statuses;
use crate::model::addr::{Addr, Pattern};
use crate::model::failure::Failure;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::plan::known::{Known, Layer};

use super::error::OpError;

/// A node, and what was meant inside it.
#[derive(Clone, Debug)]
pub struct Shut {
    /// What was meant.
    pub target: Pattern,
    /// The outermost node on the way into which nothing sees.
    pub node: Addr,
    /// The state of its container.
    pub state: ContainerState,
    /// Why its engine does not answer, where the node runs.
    pub silent: Option<Failure>,
}

impl Shut {
    /// Whether the node has ended or never ran: nothing inside it runs.
    pub fn is_at_rest(&self) -> bool {
        let states = [ContainerState::Created, ContainerState::Exited, ContainerState::Dead];
        states.contains(&self.state)
    }
}

impl From<Shut> for OpError {
    fn from(shut: Shut) -> Self {
        match shut.silent {
            Some(failure) => Self::silent(shut.node.inner().to_string(), &failure),
            None => {
                Self::NotRunning { addr: shut.node, state: shut.state, inside: Some(shut.target.to_string()) }
            }
        }
    }
}

/// The nodes on the way to these addresses into which nothing sees. One that is meant itself is none of them.
pub fn shut(known: &Known, project: &ProjectName, targets: &[Pattern]) -> Vec<Shut> {
    let mut out: Vec<Shut> = Vec::new();
    for row in statuses(known, project) {
        let is_meant = targets.iter().any(|target| target.matches_within(&row.addr));
        let silent = match known.layers.get(&row.addr.inner()) {
            Some(Layer::Silent(failure)) => Some(failure.clone()),
            Some(Layer::Answered(_)) | None => None,
        };
        // A node that runs and was not asked is not on the way.
        let is_shut =
            silent.is_some() || (row.inside_seen == Some(false) && row.state != ContainerState::Running);
        // What a run that died has left beside a node that answers, or has been told of already.
        if is_meant || !is_shut || out.iter().any(|shut| shut.node == row.addr) {
            continue;
        }
        if let Some(target) = targets.iter().find(|target| target.leads_into(&row.addr)) {
            out.push(Shut { target: target.clone(), node: row.addr, state: row.state, silent });
        }
    }
    out
}

#[cfg(test)]
mod tests;
