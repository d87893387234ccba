//! The engine of the end-to-end tests, asked directly: the tests assert on what engines say, not on what nestctl
//! prints.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use nestctl::engine::engine::{Engine, ExecSpec};
use nestctl::engine::limits::Limits;
use nestctl::model::dial::Dial;
use nestctl::model::failure::FailureKind;
use nestctl::model::label;
use nestctl::model::observed::{Observed, ObservedContainer};

/// The engine that `NESTCTL_TEST_HOST` names. `None` where there is none: the test says so and passes.
pub(crate) fn host() -> Option<String> {
    let host = std::env::var("NESTCTL_TEST_HOST").ok().filter(|host| !host.is_empty());
    if host.is_none() {
        println!("skipped: NESTCTL_TEST_HOST names no engine (`cargo xtask test` makes one)");
    }
    host
}

/// A handle on the root engine.
pub(crate) fn root(host: &str) -> Arc<dyn Engine> {
    let env = BTreeMap::from([("DOCKER_HOST".to_owned(), host.to_owned())]);
    let endpoint = nestctl::ops::root::resolve(&env).expect("NESTCTL_TEST_HOST is an engine's address");
    nestctl::ops::root::connect(&endpoint, Limits::default()).expect("an address that can be dialled")
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// All that an engine has. On a machine that is full a dial into a node fails at times (`waiting for init preliminary
/// setup: connection reset by peer`): it is tried again, as steps do.
pub(crate) async fn observed(engine: &dyn Engine) -> Observed {
    eventually("the engine lists its objects", || async {
        match engine.observe().await {
            Err(error) if error.kind == FailureKind::Unreachable => None,
            seen => Some(seen.expect("the engine lists its objects")),
        }
    })
    .await
}

/// The containers of a lab on one engine, by address, but for helpers. Two of one address fail the test.
pub(crate) async fn containers(engine: &dyn Engine, project: &str) -> BTreeMap<String, ObservedContainer> {
    let seen = observed(engine).await;
    let mut out = BTreeMap::new();
    for container in seen.containers {
        let is_helper = container.labels.contains_key(label::ROLE);
        if !is_helper && container.labels.get(label::PROJECT).map(String::as_str) == Some(project) {
            let addr = container.labels.get(label::ADDRESS).expect("every object has an address").clone();
            assert!(out.insert(addr.clone(), container).is_none(), "two containers at {addr}");
        }
    }
    out
}

/// The engine inside a node, dialled by the node's label.
pub(crate) fn inside(engine: &Arc<dyn Engine>, node: &ObservedContainer) -> Arc<dyn Engine> {
    let dial = node.labels.get(label::ENGINE).and_then(|text| Dial::from_label(text)).expect("a node");
    Arc::clone(engine).inside(&node.id, &dial)
}

/// What a program in a container prints, and its exit code.
pub(crate) async fn exec(engine: &dyn Engine, container: &str, argv: &[&str]) -> (String, i64) {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    let spec = ExecSpec { argv, ..ExecSpec::default() };
    let started = eventually("the exec starts", || async {
        match engine.exec(container, &spec).await {
            Err(error) if error.kind == FailureKind::Unreachable => None,
            session => Some(session.expect("the exec starts")),
        }
    });
    let mut session = started.await;
    let mut out = Vec::new();
    while let Some(chunk) = session.output.next().await {
        out.extend_from_slice(&chunk.expect("the output arrives").1);
    }
    let code = session.control.exit_code().await.expect("the exit code").expect("it has ended");
    (String::from_utf8_lossy(&out).into_owned(), code)
}

/// Tries `check` until it gives something; fails the test when that takes longer than a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut check: impl FnMut() -> F,
) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within a minute");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
