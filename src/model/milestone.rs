//! Milestones: the points of a lab's life that other things wait for.

use std::fmt;

use super::addr::{Addr, LayerPath};

/// How far an instance of a service has come. `Ready` of a node means that its whole inner layer is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The container exists.
    Created,
    /// It was started.
    Started,
    /// Its health check passes.
    Healthy,
    /// It ended with exit code 0.
    Completed,
    /// Its engine answers and was observed (nodes).
    EngineUp,
    /// All that `up` promises of it: started, healthy if it has a health check, engine and inner layer up.
    Ready,
}

impl Stage {
    /// How many there are.
    pub const COUNT: usize = 6;
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Started => "started",
            Self::Healthy => "healthy",
            Self::Completed => "completed",
            Self::EngineUp => "engine up",
            Self::Ready => "ready",
        })
    }
}

/// A point that a step reaches and others need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Milestone {
    /// An instance has come to a stage.
    Service(Addr, Stage),
    /// An image is on a layer's engine, under the reference as the file writes it.
    Image(LayerPath, String),
    /// Nothing of the lab runs in this layer or below it (teardown).
    Cleared(LayerPath),
    /// All that is started in this layer and below it is ready (`start`).
    Settled(LayerPath),
}

impl Milestone {
    /// The layer whose plan reaches this milestone.
    pub fn layer(&self) -> LayerPath {
        match self {
            Self::Service(addr, _) => addr.layer(),
            Self::Image(layer, _) | Self::Cleared(layer) | Self::Settled(layer) => layer.clone(),
        }
    }
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(addr, stage) => write!(f, "{addr} {stage}"),
            Self::Image(layer, image) => write!(f, "image {image} on {layer}"),
            Self::Cleared(layer) => write!(f, "{layer} cleared"),
            Self::Settled(layer) => write!(f, "{layer} settled"),
        }
    }
}
