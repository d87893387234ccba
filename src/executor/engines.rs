//! Which engine serves which layer.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::engine::Engine;
use crate::model::addr::LayerPath;

/// Engines by layer. A layer that shares an outer engine has that engine's handle.
#[derive(Clone)]
pub struct Engines {
    by_layer: BTreeMap<LayerPath, Arc<dyn Engine>>,
}

impl Engines {
    /// The root engine alone.
    pub fn new(root: Arc<dyn Engine>) -> Self {
        Self { by_layer: BTreeMap::from([(LayerPath::root(), root)]) }
    }

    /// The engine of a layer, if it was reached.
    pub fn get(&self, layer: &LayerPath) -> Option<Arc<dyn Engine>> {
        self.by_layer.get(layer).cloned()
    }

    /// Sets the engine of a layer; an old handle is replaced at each `Enter`.
    pub fn set(&mut self, layer: LayerPath, engine: Arc<dyn Engine>) {
        self.by_layer.insert(layer, engine);
    }
}
