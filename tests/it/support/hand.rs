//! What somebody does by hand, from outside of nestctl.

use nestctl::engine::engine::{Change, Create, Engine, Remove};
use nestctl::model::container::{ContainerSpec, NetworkMode};
use nestctl::model::label::Labels;

/// Sends a signal to a program in a container, from the processes of the engine's machine: a program that is process 1
/// of its container hears no signal from within that it does not handle.
pub(crate) async fn signal(engine: &dyn Engine, container: &str, program: &str, signal: &str) {
    let table = engine.top(container, Some("-eo pid,comm")).await.expect("the processes are listed");
    let pids = table.rows.iter().filter(|row| row.last().is_some_and(|name| name == program));
    let pids: Vec<&str> = pids.filter_map(|row| row.first().map(String::as_str)).collect();
    assert!(!pids.is_empty(), "no {program} in {container}: {:?}", table.rows);
    let script = format!("kill -{signal} {}", pids.join(" "));
    let spec = ContainerSpec {
        entrypoint: Some(Vec::new()),
        command: Some(["sh", "-c", &script].map(str::to_owned).to_vec()),
        network_mode: Some(NetworkMode::None),
        pid: Some("host".to_owned()),
        privileged: true,
        ..ContainerSpec::default()
    };
    let create = Create::Container {
        name: format!("hand-{container}-{signal}"),
        spec: Box::new(spec),
        image: std::env::var("BUSYBOX_IMAGE").expect("the test images are named"),
        labels: Labels::new(),
    };
    let hand = engine.create(&create).await.expect("a hand");
    let end = engine.wait(&hand, true).await.expect("it is waited for");
    engine.act(&hand, &Change::Start).await.expect("it starts");
    let code = end.await.expect("it ends");
    engine.remove(&Remove::Container { container: hand, volumes: true }).await.expect("it goes");
    assert_eq!(code, 0, "{script}");
}
