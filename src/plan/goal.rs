//! What a run is to achieve, and the one entry of the planner.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::graph::lab_graph::LabGraph;
use crate::model::addr::{LayerPath, Pattern};
use crate::model::name::ProjectName;
use crate::model::topology::Topology;

use super::known::Known;
use super::plan::Plan;
use super::step::StepId;
use super::{down, refresh, up};

/// A lab: the topology and its graph.
#[derive(Debug)]
pub struct Lab {
    /// What the files say.
    pub topology: Topology,
    /// Its milestones.
    pub graph: LabGraph,
}

/// What a run is to achieve.
#[derive(Clone, Debug)]
pub enum Goal {
    /// The lab, or part of it, is up.
    Up(Up),
    /// The lab, or part of it, is gone.
    Down(Down),
}

/// `up`.
#[derive(Clone, Debug)]
pub struct Up {
    /// The lab.
    pub lab: Arc<Lab>,
    /// Only these and what they need; empty: all.
    pub targets: Vec<Pattern>,
    /// Until when the run goes on after everything is started.
    pub wait: Wait,
    /// Recreate containers although nothing changed.
    pub force_recreate: bool,
    /// Remove containers of services that the file no longer has.
    pub remove_orphans: bool,
    /// Recreate a node although files inside it, on no volume, go with it.
    pub discard_node_files: bool,
}

/// Whether `up` waits for readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until everything is ready, each wait at most so long (`None`: without limit).
    Ready(Option<Duration>),
    /// Only for what dependencies demand (`--no-wait`).
    Started,
}

/// `down`.
#[derive(Clone, Debug)]
pub struct Down {
    /// Whose.
    pub project: ProjectName,
    /// Whether volumes go too.
    pub volumes: bool,
    /// Grace for every container in place of its own.
    pub grace: Option<Duration>,
}

impl Goal {
    /// The lab's project name.
    pub fn project(&self) -> &ProjectName {
        match self {
            Self::Up(up) => &up.lab.topology.project,
            Self::Down(down) => &down.project,
        }
    }

    /// What must be done, and looked at again, before anything can be planned: pulls that the file asks for at each
    /// `up`. `None` where nothing must.
    pub fn refresh(&self, known: &Known, first: StepId) -> Option<Plan> {
        match self {
            Self::Up(goal) => refresh::plan(goal, known, first),
            Self::Down(_) => None,
        }
    }

    /// Plans the layers of `scope`. The first plan's scope is all that answered, later ones hold the layer that
    /// was entered. Step numbers begin at `first`.
    pub fn plan(&self, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
        match self {
            Self::Up(goal) => up::plan(goal, known, scope, first),
            Self::Down(goal) => down::plan(goal, known, scope, first),
        }
    }
}
