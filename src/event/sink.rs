//! Where events go.

use super::event::Event;

/// The reader is gone (a closed pipe).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkClosed;

/// Takes events, in order, one at a time. Called synchronously by the dispatcher: that is the back-pressure.
pub trait Sink: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// [`SinkClosed`] when nobody reads any more; the run goes on in silence.
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed>;

    /// Called about ten times a second while nothing happens, for sinks that move (spinners, clocks).
    fn tick(&mut self) {}
}

/// Keeps events, for tests.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// All events so far.
    pub events: std::sync::Arc<std::sync::Mutex<Vec<Event>>>,
}

impl Sink for Recorder {
    fn emit(&mut self, event: &Event) -> Result<(), SinkClosed> {
        self.events.lock().expect("no panic while locked").push(event.clone());
        Ok(())
    }
}
