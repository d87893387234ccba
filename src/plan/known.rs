//! What is known of the engines when a plan is made.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::addr::LayerPath;
use crate::model::facts::Facts;
use crate::model::failure::Failure;
use crate::model::milestone::Milestone;
use crate::model::observed::{ContainerState, Observed};
use crate::model::quick_hash::QuickHash;
use crate::model::service::PullPolicy;

use super::action::Action;

/// Everything observed so far, and what steps have promised.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// ID of the root engine: with the project name it tells whose an object is.
    pub root_id: String,
    /// Layers by path. A layer that is not in it was never reached: its node does not run.
    pub layers: BTreeMap<LayerPath, Layer>,
    /// Milestones that a step of an earlier plan reaches or has reached.
    pub promised: HashSet<Milestone, QuickHash>,
    /// Containers that this run has made, by the layer that owns the engine and by name. What is to be made anew in any
    /// case is not made anew twice when the run plans again.
    pub made: BTreeSet<(LayerPath, String)>,
    /// Containers that this run has started, or sent a signal to, by ID: what is to be done in any case is not done twice.
    pub dealt_with: BTreeSet<String>,
    /// Containers that this run has stopped, by ID: what ran before and is to stay runs again in the end.
    pub stopped: BTreeSet<String>,
    /// Whether the root engine sees the files of the user's machine, where that was asked.
    pub sees_files: Option<bool>,
    /// Digests of the user's files that inner services bind, where they must be copied in.
    pub digests: BTreeMap<PathBuf, String>,
    /// Absolute paths that inner services bind, which mean paths of their nodes, and that are on the user's machine
    /// too.
    pub user_has: BTreeSet<String>,
    /// Which of these the machine of a layer's engine does not have, where that was looked at.
    pub lacking: BTreeMap<LayerPath, BTreeSet<String>>,
    /// Paths that services on the root engine bind, that must exist, and do not.
    pub missing_paths: BTreeSet<PathBuf>,
    /// Path of the root engine's own socket on its machine, if it was reached by one.
    pub root_socket: Option<String>,
    /// The user's credentials for registries as a `config.json`, where a service is to have them.
    pub credentials: Option<Arc<[u8]>>,
    /// Images (as the file writes them) and intervals whose last pull is longer ago than the interval.
    pub due: BTreeSet<(String, Duration)>,
    /// Networks (CIDR) that no inner engine may use: resolvers, and routes of a local root's host.
    pub avoid: Vec<String>,
}

/// What is known of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Its engine answered.
    Answered(Box<Answered>),
    /// Its node runs and its engine does not answer.
    Silent(Failure),
}

/// An engine that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The layer that owns the engine: itself, or the nearest outer layer whose engine this one shares
    /// (`socket`, or `tcp` to an engine already surveyed).
    pub home: LayerPath,
    /// What is on the engine; empty when `home` is another layer, whose list counts.
    pub seen: Observed,
    /// Facts of the engine, once they were needed.
    pub facts: Option<Facts>,
}

impl Known {
    /// What a pull policy comes to now: an interval that has passed means a pull.
    pub fn policy(&self, policy: PullPolicy, image: &str) -> PullPolicy {
        match policy {
            PullPolicy::Refresh(after) if self.due.contains(&(image.to_owned(), after)) => PullPolicy::Always,
            PullPolicy::Refresh(_) => PullPolicy::Missing,
            other => other,
        }
    }

    /// The engines that answered, by the layers that own them.
    pub fn engines(&self) -> impl Iterator<Item = (&LayerPath, &Answered)> {
        self.layers.iter().filter_map(|(path, layer)| match layer {
            Layer::Answered(answered) if answered.home == *path => Some((path, &**answered)),
            Layer::Answered(_) | Layer::Silent(_) => None,
        })
    }

    /// The layers whose node runs and whose engine does not answer, with why.
    pub fn silent(&self) -> impl Iterator<Item = (&LayerPath, &Failure)> {
        self.layers.iter().filter_map(|(path, layer)| match layer {
            Layer::Silent(failure) => Some((path, failure)),
            Layer::Answered(_) => None,
        })
    }

    /// The layer that owns the engine of `layer`, if it answered.
    pub fn home(&self, layer: &LayerPath) -> Option<&LayerPath> {
        match self.layers.get(layer)? {
            Layer::Answered(answered) => Some(&answered.home),
            Layer::Silent(_) => None,
        }
    }

    /// Everything on the engine of `layer`, if it answered.
    pub fn seen(&self, layer: &LayerPath) -> Option<&Observed> {
        self.answered(self.home(layer)?).map(|answered| &answered.seen)
    }

    /// Facts of the engine of `layer`, if they are known.
    pub fn facts(&self, layer: &LayerPath) -> Option<&Facts> {
        self.answered(self.home(layer)?)?.facts.as_ref()
    }

    /// Takes down what a step has done, as far as later plans of the run go by it.
    pub fn done(&mut self, layer: &LayerPath, action: &Action) {
        let home = self.home(layer).unwrap_or(layer).clone();
        match action {
            // A layer that goes on below a `socket` node is planned by what is known of it when that is entered.
            Action::Stop { container, .. } => {
                self.stopped.insert(container.clone());
                self.has_stopped(layer, container);
            }
            Action::CreateContainer(container) => {
                self.made.insert((home, container.name.clone()));
            }
            Action::Rename { container, name } if self.made.remove(&(home.clone(), container.clone())) => {
                self.made.insert((home, name.clone()));
            }
            Action::Start { container } | Action::Kill { container, .. } => {
                self.dealt_with.insert(container.clone());
            }
            _ => {}
        }
    }

    /// Takes down that a step has stopped a container. With which code it ended is not known.
    fn has_stopped(&mut self, layer: &LayerPath, container: &str) {
        let Some(home) = self.home(layer).cloned() else { return };
        let Some(Layer::Answered(answered)) = self.layers.get_mut(&home) else { return };
        for found in answered.seen.containers.iter_mut().filter(|found| found.id == container) {
            found.state = ContainerState::Exited;
            found.exit_code = None;
            found.health = None;
        }
    }

    fn answered(&self, layer: &LayerPath) -> Option<&Answered> {
        match self.layers.get(layer)? {
            Layer::Answered(answered) => Some(answered),
            Layer::Silent(_) => None,
        }
    }
}
