//! A step: an action, what it needs, what it reaches, and why.

use std::fmt;

use crate::model::addr::{Addr, LayerPath};
use crate::model::milestone::Milestone;

use super::action::Action;
use super::cause::Cause;

/// A step's number, unique in the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What a step is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A container of a service.
    Service(Addr),
    /// A network, by its name on the engine.
    Network(LayerPath, String),
    /// A volume, by its name on the engine.
    Volume(LayerPath, String),
    /// An image on a layer's engine.
    Image(LayerPath, String),
    /// A whole layer.
    Layer(LayerPath),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |layer: &LayerPath| if layer.is_root() { String::new() } else { format!(" in {layer}") };
        match self {
            Self::Service(addr) => write!(f, "{addr}"),
            Self::Network(layer, name) => write!(f, "network {name}{}", at(layer)),
            Self::Volume(layer, name) => write!(f, "volume {name}{}", at(layer)),
            Self::Image(layer, name) => write!(f, "image {name}{}", at(layer)),
            Self::Layer(layer) if layer.is_root() => f.write_str("root engine"),
            Self::Layer(layer) => write!(f, "layer {layer}"),
        }
    }
}

/// On what a step waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// A step of this or an earlier plan.
    Step(StepId),
    /// A milestone, whoever reaches it.
    Milestone(Milestone),
}

/// How the awaited thing must have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Must {
    /// Well; else the step is skipped.
    Succeed,
    /// Anyhow: after it, however it went.
    End,
}

/// A need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// On what.
    pub on: On,
    /// How.
    pub must: Must,
}

/// Steps that show as one line: a recreate is create, stop, remove, rename, start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A service comes up.
    Up,
    /// A service is replaced.
    Recreate,
    /// A service goes.
    Down,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// The layer whose engine it calls.
    pub layer: LayerPath,
    /// What it is about.
    pub of: Resource,
    /// What it does.
    pub action: Action,
    /// What must have happened before.
    pub needs: Vec<Need>,
    /// What it reaches when it ends well.
    pub reaches: Vec<Milestone>,
    /// Why it is there.
    pub cause: Cause,
    /// The line that it is part of.
    pub group: Option<Group>,
    /// Whether its failure is told and does not count: teardown tries the gentle way first.
    pub may_fail: bool,
}
