//! The ways to the engines: which layer's engine is reached by which connection, and which of them end with a node.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::executor::engines::Engines;
use crate::executor::fallen::Way;
use crate::executor::link::Link;
use crate::executor::step_context::Entered;
use crate::model::addr::LayerPath;
use crate::model::observed::ContainerState;
use crate::plan::action::Action;
use crate::plan::known::Layer;
use crate::plan::ours;
use crate::plan::step::{Resource, Step};

use super::Dispatcher;

/// Calls at once on the root engine and on each inner one (DESIGN 12.7).
const PERMITS: (usize, usize) = (16, 4);
impl Dispatcher<'_> {
    pub(super) fn link_all(&mut self, engines: &Engines) {
        let homes: Vec<LayerPath> = self.known.engines().map(|(path, _)| path).cloned().collect();
        for home in homes {
            if let Some(engine) = engines.get(&home) {
                let link = Arc::new(Link::new(engine, self.permits_of(&home)));
                self.links.insert(home, link);
            }
        }
    }

    fn permits_of(&self, home: &LayerPath) -> usize {
        match (self.options.parallel, home.is_root()) {
            (None, true) => PERMITS.0,
            (None, false) => PERMITS.1,
            (Some(n), true) => n.get(),
            (Some(n), false) => (n.get() / 2).max(1),
        }
    }

    /// The engine of a layer, and the layer that owns it.
    pub(super) fn link_of(&self, layer: &LayerPath) -> Option<(LayerPath, Arc<Link>)> {
        let home = self.known.home(layer)?;
        self.links.get(home).map(|link| (home.clone(), link.clone()))
    }

    /// The nodes through which the engine of the layer `home` is reached, outermost first.
    pub(super) fn way_to(&self, home: &LayerPath) -> Vec<Way> {
        let owners = self.links.keys().filter(|owner| home.is_within(owner));
        let mut way: Vec<Way> = owners
            .filter_map(|owner| {
                let (_, link) = self.link_of(&owner.parent()?)?;
                Some(Way { node: owner.node()?, link })
            })
            .collect();
        way.sort_by_key(|way| way.node.parts().len());
        way
    }

    /// Closes the connections to the engines inside a node that is about to stop: a daemon waits five seconds for
    /// a connection on which nothing was asked yet before it goes (Go's `http.Server.Shutdown`).
    pub(super) fn hang_up(&mut self, step: &Step) {
        if let (Action::Stop { .. }, Resource::Service(addr)) = (&step.action, &step.of) {
            let inner = addr.inner();
            // Below a `socket` node, which owns no engine, others go on.
            if self.links.contains_key(&inner) {
                self.links.retain(|path, _| !path.is_within(&inner));
            }
        }
    }

    /// Keeps what was observed when a layer was entered. What is known of the layers below it is of the node's
    /// last run, and so are their handles.
    pub(super) fn keep(&mut self, entered: Entered) {
        let Entered { layer, answered, engine, shared, lacking } = entered;
        self.known.lacking.insert(layer.clone(), lacking);
        let home = answered.home.clone();
        self.known.layers.insert(layer.clone(), Layer::Answered(Box::new(answered)));
        if let Some(engine) = engine {
            self.forget_below(&layer, |_| true);
            let link = Arc::new(Link::new(engine, self.permits_of(&layer)));
            self.links.insert(layer, link);
            return;
        }
        if let (Some(seen), Some(Layer::Answered(owner))) = (shared, self.known.layers.get_mut(&home)) {
            owner.seen = seen;
        }
        let containers = ours::containers(&self.known, self.goal.project());
        let running = containers.into_iter().filter(|ours| ours.container.state == ContainerState::Running);
        let running: BTreeSet<LayerPath> = running.map(|ours| ours.addr.inner()).collect();
        let stopped = self.known.layers.keys().filter(|below| below.is_within(&layer) && **below != layer);
        let stopped: Vec<LayerPath> = stopped.filter(|below| !running.contains(below)).cloned().collect();
        self.forget_below(&layer, |below| stopped.iter().any(|stopped| below.is_within(stopped)));
    }

    fn forget_below(&mut self, layer: &LayerPath, is_gone: impl Fn(&LayerPath) -> bool) {
        let stays = |path: &LayerPath| !path.is_within(layer) || path == layer || !is_gone(path);
        self.known.layers.retain(|path, _| stays(path));
        self.links.retain(|path, _| stays(path));
    }
}
