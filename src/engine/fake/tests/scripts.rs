//! Failures that are scripted, gates, and the order of calls.

use super::*;

#[tokio::test]
async fn scripted_failures_hit_the_calls_that_they_name() {
    let engine = engine();
    engine.script(When::on("create container", "web"), 1, Fault::Fail(FailureKind::Engine, "no".to_owned()));
    engine.script(When::op("observe"), 1, Fault::LoseAnswer);
    assert_eq!(kind(engine.create(&plain("web")).await), Some(FailureKind::Engine));
    make(&engine, &plain("web")).await;
    assert_eq!(kind(engine.observe().await), Some(FailureKind::Unreachable));
    engine.script(When::From(4), u32::MAX, Fault::HangAfter);
    let change = Change::Start;
    let mut call = engine.act("web", &change);
    // It is polled until it has nothing more to do: the effect is there, the answer never comes.
    for _ in 0..8 {
        assert!(futures_util::poll!(&mut call).is_pending());
    }
    drop(call);
    assert_eq!(engine.container("web").expect("made").state, ContainerState::Running);
    let ops: Vec<&str> = engine.calls().iter().map(|call| call.op).collect();
    assert_eq!(ops, ["create container", "create container", "observe", "start container"]);
}

#[test]
#[should_panic(expected = "scripted operations")]
fn a_script_for_an_operation_that_there_is_not_ends_the_test() {
    engine().script(When::op("read events"), 1, Fault::Hang);
}

#[tokio::test]
async fn every_operation_has_the_name_under_which_it_can_be_scripted() {
    let engine = engine();
    let web = plain("web");
    make(&engine, &web).await;
    let _ = engine.ping().await;
    let _ = engine.facts().await;
    let _ = engine.observe().await;
    let _ = engine.inspect("web").await;
    let _ = engine.inspect_image("busybox").await;
    make(&engine, &network("net")).await;
    let volume = VolumeSpec::default();
    make(&engine, &Create::Volume { name: "vol".to_owned(), spec: volume, labels: Labels::new() }).await;
    let net = || "net".to_owned();
    for change in [
        Change::Start,
        Change::Stop(None),
        Change::Kill(None),
        Change::Pause,
        Change::Unpause,
        Change::Rename("web".to_owned()),
        Change::Connect { network: net(), endpoint: Endpoint::default() },
        Change::Disconnect { network: net() },
    ] {
        let _ = engine.act("web", &change).await;
    }
    let _ = engine.pull("busybox", None, Arc::new(|_, _| {})).await;
    let archive = engine.save("busybox").await.expect("there");
    let _ = engine.load(archive).await;
    let _ = engine.tag("busybox", "other").await;
    let _ = engine.put("web", "/", crate::engine::fake::streams::stream_of(Vec::new(), "", "", None)).await;
    let _ = engine.get("web", "/x").await;
    let _ = engine.exec("web", &ExecSpec::default()).await;
    let _ = engine.logs("web", &LogOptions::default()).await;
    let _ = engine.events().await;
    let _ = engine.sees("/").await;
    for object in [
        remove("web"),
        Remove::Network(net()),
        Remove::Volume("vol".to_owned()),
        Remove::Image("busybox".to_owned()),
    ] {
        let _ = engine.remove(&object).await;
    }
    let mut seen: Vec<&str> = engine.calls().iter().map(|call| call.op).collect();
    let mut known = OPERATIONS.to_vec();
    seen.sort_unstable();
    seen.dedup();
    known.sort_unstable();
    assert_eq!(seen, known);
}

#[tokio::test]
async fn a_held_call_goes_on_when_its_gate_opens() {
    let engine = engine();
    let gate = engine.hold(When::op("create container"));
    let (one, two) = (plain("one"), plain("two"));
    let calls = async { tokio::join!(engine.create(&one), engine.create(&two)) };
    let opener = async {
        gate.reached(2).await;
        assert!(engine.observed().containers.is_empty());
        gate.open();
    };
    let ((one, two), ()) = tokio::join!(calls, opener);
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(engine.most_at_once("/"), 2);
}

#[tokio::test]
async fn shuffled_calls_overtake_each_other_the_same_way_for_the_same_seed() {
    let run = async |seed: u64| {
        let engine = engine();
        engine.shuffle(seed);
        let objects: Vec<Create> = (0..6).map(|n| plain(&format!("web{n}"))).collect();
        let made = futures_util::future::join_all(objects.iter().map(|object| engine.create(object))).await;
        assert!(made.iter().all(Result::is_ok));
        engine.observed().containers.into_iter().map(|c| c.name).collect::<Vec<_>>()
    };
    let orders = [run(7).await, run(7).await, run(8).await];
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
    assert!(!orders[0].is_sorted());
}
