//! The life of a container: states, health, restart policies, namespaces.

use super::*;

#[tokio::test]
async fn states_follow_the_changes() {
    let engine = engine();
    make(&engine, &plain("web")).await;
    assert_eq!(kind(engine.act("web", &Change::Pause).await), Some(FailureKind::Conflict));
    engine.act("web", &Change::Stop(None)).await.expect("stopping a stopped one is success");
    start(&engine, "web").await;
    start(&engine, "web").await;
    engine.act("web", &Change::Pause).await.expect("it runs");
    assert_eq!(kind(engine.act("web", &Change::Start).await), Some(FailureKind::Conflict));
    engine.act("web", &Change::Unpause).await.expect("it is paused");
    engine.act("web", &Change::Kill(None)).await.expect("it runs");
    engine.act("web", &Change::Kill(None)).await.expect("killing a dead one is success");
    let hang_up = Change::Kill(Some("SIGHUP".to_owned()));
    assert_eq!(kind(engine.act("web", &hang_up).await), Some(FailureKind::Conflict));
    let detail = engine.inspect("web").await.expect("it is there");
    assert_eq!((detail.state, detail.exit_code), (ContainerState::Exited, 137));
    assert_eq!(kind(engine.inspect("nope").await), Some(FailureKind::NotFound));
}

#[tokio::test]
async fn health_turns_by_inspections_by_hand_and_is_told() {
    let engine = engine().with_behaviour(
        "late",
        Behaviour::default().health(HealthScript::AfterInspects(2, Health::Unhealthy)),
    );
    let mut events = engine.events().await.expect("it answers");
    make(&engine, &container("late", checked())).await;
    start(&engine, "late").await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(engine.inspect("late").await.expect("made").health);
    }
    assert_eq!(seen, [Some(Health::Starting), Some(Health::Starting), Some(Health::Unhealthy)]);
    engine.set_health("late", Health::Healthy);
    let mut actions = Vec::new();
    for _ in 0..5 {
        let event = events.next().now_or_never().flatten().expect("told");
        actions.push(event.expect("not broken").action);
    }
    assert_eq!(actions, ["create", "connect", "start", "health_status: unhealthy", "health_status: healthy"]);
}

#[tokio::test]
async fn a_job_ends_and_a_restart_policy_keeps_it_between_two_runs() {
    let engine = engine().with_behaviour("busybox", Behaviour::default().exits(3).prints("hello"));
    make(&engine, &plain("job")).await;
    start(&engine, "job").await;
    let detail = engine.inspect("job").await.expect("made");
    assert_eq!((detail.state, detail.exit_code), (ContainerState::Exited, 3));
    let restarting = ContainerSpec { restart: RestartPolicy::OnFailure(0), ..ContainerSpec::default() };
    make(&engine, &container("loop", restarting)).await;
    start(&engine, "loop").await;
    assert_eq!(engine.inspect("loop").await.expect("made").state, ContainerState::Restarting);
    engine.act("loop", &Change::Stop(None)).await.expect("stopped");
    assert_eq!(engine.inspect("loop").await.expect("made").state, ContainerState::Exited);
}

#[tokio::test]
async fn what_sees_the_processes_of_another_ends_with_it_and_cannot_start_without_it() {
    let engine = engine();
    make(&engine, &plain("owner")).await;
    start(&engine, "owner").await;
    let user = ContainerSpec { pid: Some("container:owner".to_owned()), ..ContainerSpec::default() };
    make(&engine, &container("user", user)).await;
    start(&engine, "user").await;
    engine.act("owner", &Change::Kill(None)).await.expect("it runs");
    assert_eq!(engine.container("user").expect("made").exit_code, Some(137));
    make(&engine, &container("late", ContainerSpec { pid: Some("container:owner".to_owned()), ..checked() }))
        .await;
    assert_eq!(kind(engine.act("late", &Change::Start).await), Some(FailureKind::Engine));
    assert_eq!(engine.inspect("late").await.expect("made").exit_code, 128);
}
