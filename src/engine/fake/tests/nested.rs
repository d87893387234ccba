//! Engines inside containers: when they answer, and what becomes of what is on them.

use super::*;

#[tokio::test]
async fn an_engine_inside_answers_only_while_its_node_runs() {
    let engine = engine();
    make(&engine, &plain("vm1")).await;
    let inner = inside(&engine, "vm1");
    assert_eq!(kind(inner.ping().await), Some(FailureKind::Unreachable));
    start(&engine, "vm1").await;
    inner.ping().await.expect("its node runs");
    engine.act("vm1", &Change::Pause).await.expect("it runs");
    assert_eq!(kind(inner.ping().await), Some(FailureKind::Unreachable));
    let parent =
        Arc::new(engine.clone()).inside("vm1", &Dial::Parent { path: "/run/docker.sock".to_owned() });
    assert_eq!(parent.observe().await.expect("it answers").containers[0].name, "vm1");
}

#[tokio::test]
async fn what_runs_inside_dies_with_its_node_and_stays_on_its_data_volume() {
    let engine = engine();
    let node = || container("vm1", volume_at(Some("vm1-data"), "/var/lib/docker"));
    make(&engine, &node()).await;
    start(&engine, "vm1").await;
    engine.node("vm1").add_image("busybox", &[b"busybox"]);
    let inner = inside(&engine, "vm1");
    let always = ContainerSpec { restart: RestartPolicy::Always, ..ContainerSpec::default() };
    make(&*inner, &plain("web")).await;
    make(&*inner, &container("back", always)).await;
    start(&*inner, "web").await;
    start(&*inner, "back").await;
    let mut events = inner.events().await.expect("it answers");

    engine.remove(&remove("vm1")).await.expect("a running one as well");
    assert!(events.next().now_or_never().flatten().expect("the break").is_err());
    assert_eq!(
        engine.snapshot(),
        "/ volume vm1-data\n\
         /[volume vm1-data] container back exited 255\n\
         /[volume vm1-data] container web exited 255\n"
    );
    let kept: Vec<String> = engine.kept().into_iter().map(|it| it.name).collect();
    assert_eq!(kept, ["web", "back"]);

    make(&engine, &node()).await;
    start(&engine, "vm1").await;
    assert_eq!(
        engine.snapshot(),
        "/ container vm1 running\n\
         / volume vm1-data\n\
         /vm1 container back running\n\
         /vm1 container web exited 255\n"
    );

    engine.remove(&remove("vm1")).await.expect("removed");
    engine.remove(&Remove::Volume("vm1-data".to_owned())).await.expect("free");
    assert_eq!(engine.snapshot(), "");
}

#[tokio::test]
async fn a_node_without_a_data_volume_takes_its_engine_with_it() {
    let engine = engine();
    make(&engine, &plain("vm1")).await;
    start(&engine, "vm1").await;
    make(&*inside(&engine, "vm1"), &network("net")).await;
    assert!(engine.snapshot().contains("/vm1 network net"));
    engine.remove(&remove("vm1")).await.expect("removed");
    assert_eq!(engine.snapshot(), "");
}

#[tokio::test]
async fn a_slow_daemon_answers_after_some_calls_and_a_dead_one_never() {
    let engine = engine()
        .with_behaviour("slow", Behaviour::default().boots(Boot::AfterCalls(2)))
        .with_behaviour("dead", Behaviour::default().boots(Boot::Never))
        .with_behaviour("remote", Behaviour::default().boots(Boot::Elsewhere("slow".to_owned())));
    for name in ["slow", "dead", "remote"] {
        make(&engine, &plain(name)).await;
        start(&engine, name).await;
    }
    let slow = inside(&engine, "slow");
    assert!(slow.ping().await.is_err());
    assert!(slow.ping().await.is_err());
    slow.ping().await.expect("it is up");
    assert!(inside(&engine, "dead").ping().await.is_err());
    let remote = inside(&engine, "remote").facts().await.expect("it is up");
    assert_eq!(remote.id, slow.facts().await.expect("it is up").id);
}
