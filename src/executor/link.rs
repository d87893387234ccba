//! An engine as steps use it: its handle, its permits and its one stream of events.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::StreamExt;
use tokio::sync::{Mutex, OnceCell, Semaphore, broadcast};
use tokio::task::JoinHandle;

use crate::engine::engine::{Engine, EngineEvent};
use crate::engine::error::EngineError;

use super::local_image::{LocalImage, local_image};

/// Events that may wait for a slow reader; one that falls behind looks anew, so nothing is lost by it.
const BACKLOG: usize = 256;

/// One engine. Layers that share an engine share its link.
pub(super) struct Link {
    /// The handle.
    pub(super) engine: Arc<dyn Engine>,
    /// Places for calls at once.
    pub(super) permits: Arc<Semaphore>,
    /// Whether a step has got no answer from it: the others need not be as patient.
    pub(super) is_lost: AtomicBool,
    /// Images that were asked for, by reference: many services have the same, and begin at once.
    images: std::sync::Mutex<HashMap<String, Arc<OnceCell<LocalImage>>>>,
    events: Mutex<Option<Events>>,
}

struct Events {
    sender: broadcast::WeakSender<Arc<EngineEvent>>,
    reader: JoinHandle<()>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Link {
    pub(super) fn new(engine: Arc<dyn Engine>, permits: usize) -> Self {
        Self {
            engine,
            permits: Arc::new(Semaphore::new(permits)),
            is_lost: AtomicBool::new(false),
            images: std::sync::Mutex::default(),
            events: Mutex::new(None),
        }
    }

    /// The image that a reference means there. It is asked for once, until an image may have changed.
    pub(super) async fn image(&self, reference: &str) -> Result<LocalImage, EngineError> {
        let asked = match self.images.lock() {
            Ok(mut images) => Arc::clone(images.entry(reference.to_owned()).or_default()),
            Err(_) => Arc::default(),
        };
        asked.get_or_try_init(|| local_image(&*self.engine, reference)).await.cloned()
    }

    /// A step has brought an image: what references mean is asked for anew.
    pub(super) fn forget_images(&self) {
        if let Ok(mut images) = self.images.lock() {
            images.clear();
        }
    }

    /// What happens on the engine from now on. The first caller opens the stream, the others share it, and it
    /// is opened again after it broke. `None` when it cannot be had: the caller looks by itself then.
    pub(super) async fn events(&self) -> Option<broadcast::Receiver<Arc<EngineEvent>>> {
        let mut events = self.events.lock().await;
        if let Some(sender) = events.as_ref().and_then(|events| events.sender.upgrade()) {
            return Some(sender.subscribe());
        }
        let mut stream = self.engine.events().await.ok()?;
        let (sender, receiver) = broadcast::channel(BACKLOG);
        let weak = sender.downgrade();
        // The task holds the only sender: when the stream ends, every receiver is told.
        let reader = tokio::spawn(async move {
            while let Some(Ok(event)) = stream.next().await {
                let _ = sender.send(Arc::new(event));
            }
        });
        *events = Some(Events { sender: weak, reader });
        Some(receiver)
    }
}
