//! Who is told of attempts that an adapter makes by itself: a call knows nothing of the run that it is a part of.

use std::sync::Arc;
use std::time::Duration;

/// Called with why an attempt failed and the pause before the next.
pub type Listener = Arc<dyn Fn(String, Duration) + Send + Sync>;

tokio::task_local! {
    static LISTENER: Listener;
}

/// Does `work`; `listener` is told of the calls in it that are made again.
pub async fn heard_by<T>(listener: Listener, work: impl Future<Output = T>) -> T {
    LISTENER.scope(listener, work).await
}

/// Tells of one. Outside of a run nobody listens.
pub(super) fn tell(because: &str, pause: Duration) {
    let _ = LISTENER.try_with(|listener| listener(because.to_owned(), pause));
}
