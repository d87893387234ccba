//! The model's rules.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use tokio::io::AsyncWriteExt;

use super::behaviour::{Behaviour, Boot, HealthScript};
use super::call::OPERATIONS;
use super::fake_engine::FakeEngine;
use super::fault::{Fault, When};
use crate::engine::engine::{Change, Create, Engine, ExecSpec, Labels, LogOptions, OutputKind, Remove};
use crate::engine::error::EngineError;
use crate::model::container::{
    ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, PortBinding, Protocol, RestartPolicy,
};
use crate::model::dial::Dial;
use crate::model::failure::FailureKind;
use crate::model::network::{NetworkSpec, Subnet, VolumeSpec};
use crate::model::observed::{ContainerState, Health};

fn engine() -> FakeEngine {
    FakeEngine::new("host").with_image("busybox")
}

fn container(name: &str, spec: ContainerSpec) -> Create {
    Create::Container {
        name: name.to_owned(),
        spec: Box::new(ContainerSpec { image: "busybox".to_owned(), ..spec }),
        image: "busybox".to_owned(),
        labels: Labels::new(),
    }
}

fn plain(name: &str) -> Create {
    container(name, ContainerSpec::default())
}

fn network(name: &str) -> Create {
    Create::Network { name: name.to_owned(), spec: NetworkSpec::default(), labels: Labels::new() }
}

fn on_network(name: &str) -> ContainerSpec {
    ContainerSpec {
        networks: [(name.to_owned(), Endpoint::default())].into_iter().collect(),
        ..ContainerSpec::default()
    }
}

fn volume_at(name: Option<&str>, target: &str) -> ContainerSpec {
    let source = MountSource::volume(name.map(str::to_owned));
    ContainerSpec {
        mounts: vec![Mount { target: target.to_owned(), source, read_only: false, consistency: None }],
        ..ContainerSpec::default()
    }
}

fn checked() -> ContainerSpec {
    ContainerSpec { healthcheck: Some(Healthcheck::default()), ..ContainerSpec::default() }
}

fn remove(name: &str) -> Remove {
    Remove::Container { container: name.to_owned(), volumes: true }
}

fn inside(engine: &FakeEngine, node: &str) -> Arc<dyn Engine> {
    Arc::new(engine.clone()).inside(node, &FakeEngine::dial())
}

fn kind<T>(answer: Result<T, EngineError>) -> Option<FailureKind> {
    answer.err().map(|error| error.kind)
}

async fn make(engine: &dyn Engine, object: &Create) -> String {
    engine.create(object).await.expect("nothing stands in the way")
}

async fn start(engine: &dyn Engine, name: &str) {
    engine.act(name, &Change::Start).await.expect("nothing stands in the way");
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_the_removal() {
    let engine = engine();
    make(&engine, &plain("web")).await;
    assert_eq!(kind(engine.create(&plain("web")).await), Some(FailureKind::Conflict));
    engine.remove(&remove("web")).await.expect("removed");
    engine.remove(&remove("web")).await.expect("one that is not there is success");
    make(&engine, &plain("web")).await;
}

#[tokio::test]
async fn a_missing_image_is_not_found_until_it_is_pulled() {
    let engine = FakeEngine::new("host").with_registry(&["docker.io/library/busybox:latest"]);
    assert_eq!(kind(engine.create(&plain("web")).await), Some(FailureKind::NotFound));
    assert_eq!(kind(engine.pull("nope", None, Arc::new(|_, _| {})).await), Some(FailureKind::NotFound));
    engine.pull("busybox", None, Arc::new(|_, _| {})).await.expect("the registry has it");
    make(&engine, &plain("web")).await;
    assert_eq!(engine.observed().images[0].tags, ["busybox:latest"]);
}

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
async fn a_network_is_held_by_running_containers_only_and_missed_at_the_start() {
    let engine = engine();
    make(&engine, &network("net")).await;
    assert_eq!(kind(engine.create(&network("net")).await), Some(FailureKind::Conflict));
    make(&engine, &container("web", on_network("net"))).await;
    start(&engine, "web").await;
    assert_eq!(engine.container("web").expect("made").networks["net"].address, "172.18.0.2");
    let drop_network = Remove::Network("net".to_owned());
    assert_eq!(kind(engine.remove(&drop_network).await), Some(FailureKind::Conflict));
    engine.act("web", &Change::Stop(None)).await.expect("it runs");
    assert_eq!(engine.container("web").expect("made").networks["net"].address, "");
    engine.remove(&drop_network).await.expect("nothing runs on it");
    assert_eq!(kind(engine.act("web", &Change::Start).await), Some(FailureKind::NotFound));
}

#[tokio::test]
async fn connecting_and_disconnecting_twice_is_success_and_a_missing_network_is_not_found() {
    let engine = engine();
    make(&engine, &network("net")).await;
    make(&engine, &plain("web")).await;
    start(&engine, "web").await;
    let connect =
        |network: &str| Change::Connect { network: network.to_owned(), endpoint: Endpoint::default() };
    let disconnect = Change::Disconnect { network: "net".to_owned() };
    for _ in 0..2 {
        engine.act("web", &connect("net")).await.expect("both are there");
        assert_eq!(engine.container("web").expect("made").networks["net"].address, "172.18.0.2");
    }
    assert_eq!(kind(engine.act("web", &connect("nope")).await), Some(FailureKind::NotFound));
    for _ in 0..2 {
        engine.act("web", &disconnect).await.expect("both are there");
        assert_eq!(engine.container("web").expect("made").networks.len(), 1);
    }
}

#[tokio::test]
async fn overlapping_subnets_are_refused() {
    let engine = engine();
    let with = |name: &str, subnet: &str| Create::Network {
        name: name.to_owned(),
        spec: NetworkSpec {
            ipam: vec![Subnet { subnet: Some(subnet.to_owned()), ..Subnet::default() }],
            ..NetworkSpec::default()
        },
        labels: Labels::new(),
    };
    make(&engine, &with("one", "10.0.0.0/16")).await;
    assert_eq!(kind(engine.create(&with("two", "10.0.5.0/24")).await), Some(FailureKind::Conflict));
    make(&engine, &with("two", "10.1.0.0/16")).await;
}

#[tokio::test]
async fn a_volume_is_made_once_and_held_by_every_container() {
    let engine = engine();
    let volume = |label: &str| Create::Volume {
        name: "data".to_owned(),
        spec: VolumeSpec::default(),
        labels: [("which".to_owned(), label.to_owned())].into_iter().collect(),
    };
    make(&engine, &volume("first")).await;
    make(&engine, &volume("second")).await;
    assert_eq!(engine.observed().volumes[0].labels["which"], "first");
    make(&engine, &container("db", volume_at(Some("data"), "/data"))).await;
    let drop_volume = Remove::Volume("data".to_owned());
    assert_eq!(kind(engine.remove(&drop_volume).await), Some(FailureKind::Conflict));
    engine.remove(&remove("db")).await.expect("removed");
    engine.remove(&drop_volume).await.expect("free");
    assert!(engine.observed().volumes.is_empty());
}

#[tokio::test]
async fn an_anonymous_volume_goes_with_its_container() {
    let engine = engine();
    make(&engine, &container("db", volume_at(None, "/data"))).await;
    assert_eq!(engine.observed().volumes.len(), 1);
    engine.remove(&remove("db")).await.expect("removed");
    assert!(engine.observed().volumes.is_empty());
    // Who has it by `volumes_from` holds it once it has been started.
    for (is_started, left) in [(false, 0), (true, 1)] {
        make(&engine, &container("db", volume_at(None, "/data"))).await;
        let heir = ContainerSpec { volumes_from: vec!["db".to_owned()], ..ContainerSpec::default() };
        make(&engine, &container("heir", heir)).await;
        if is_started {
            start(&engine, "heir").await;
        }
        engine.remove(&remove("db")).await.expect("removed");
        assert_eq!(engine.observed().volumes.len(), left);
        engine.remove(&remove("heir")).await.expect("removed");
    }
}

#[tokio::test]
async fn a_port_is_bound_by_one_running_container_at_a_time() {
    let engine = engine();
    let publishing = || ContainerSpec {
        ports: vec![PortBinding {
            host_ip: None,
            host: Some((8080, 8080)),
            container: 80,
            protocol: Protocol::Tcp,
        }],
        ..ContainerSpec::default()
    };
    make(&engine, &container("one", publishing())).await;
    make(&engine, &container("two", publishing())).await;
    start(&engine, "one").await;
    assert_eq!(kind(engine.act("two", &Change::Start).await), Some(FailureKind::Conflict));
    assert!(engine.inspect("two").await.expect("made").error.contains("already allocated"));
    engine.act("one", &Change::Stop(None)).await.expect("it runs");
    start(&engine, "two").await;
    assert_eq!(engine.container("two").expect("made").ports[0].host, Some(8080));
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
    let _ = engine.put("web", "/", super::streams::stream_of(Vec::new(), "", "", None)).await;
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

#[tokio::test]
async fn stores_differ_in_ids_and_podman_in_names() {
    let engine = engine()
        .with_behaviour("ctr", Behaviour { containerd_store: true, ..Behaviour::default() })
        .with_behaviour("pod", Behaviour { podman: true, ..Behaviour::default() });
    for node in ["ctr", "pod"] {
        make(&engine, &plain(node)).await;
        start(&engine, node).await;
        let inner = inside(&engine, node);
        let archive = engine.save("busybox").await.expect("there");
        let names = inner.load(archive).await.expect("whole");
        let same_id = inner.inspect_image("busybox").await.expect("loaded").id
            == engine.inspect_image("busybox").await.expect("there").id;
        if node == "pod" {
            assert_eq!((names, same_id), (vec!["docker.io/library/busybox:latest".to_owned()], true));
        } else {
            assert_eq!((names, same_id), (vec!["busybox:latest".to_owned()], false));
        }
    }
}

#[tokio::test]
async fn files_below_memory_are_hidden_by_the_start_and_a_read_only_root_refuses() {
    let engine = engine();
    let archive = |name: &str| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o640);
        builder.append_data(&mut header, name, b"hi".as_slice()).expect("in memory");
        super::streams::stream_of(builder.into_inner().expect("in memory"), "put files", "", None)
    };
    let memory = Mount {
        target: "/run".to_owned(),
        source: MountSource::Tmpfs { options: String::new() },
        read_only: false,
        consistency: None,
    };
    make(&engine, &container("web", ContainerSpec { mounts: vec![memory], ..ContainerSpec::default() }))
        .await;
    engine.put("web", "/", archive("run/x")).await.expect("put");
    engine.put("web", "/etc", archive("x")).await.expect("put");
    start(&engine, "web").await;
    assert_eq!(engine.file("web", "/run/x"), None);
    assert_eq!(engine.file("web", "/etc/x").expect("put").mode, 0o640);
    engine.put("web", "/run", archive("x")).await.expect("it runs");
    assert!(engine.file("web", "/run/x").is_some());
    make(&engine, &container("ro", ContainerSpec { read_only: true, ..ContainerSpec::default() })).await;
    assert!(engine.put("ro", "/", archive("x")).await.is_err());
}

#[tokio::test]
async fn a_volume_keeps_files_and_is_filled_from_the_image() {
    let engine =
        engine().with_behaviour("busybox", Behaviour::default().has_file("/conf/a", "from the image"));
    make(&engine, &container("one", volume_at(Some("conf"), "/conf"))).await;
    make(&engine, &container("two", volume_at(Some("conf"), "/other"))).await;
    assert_eq!(engine.file("two", "/other/a").expect("copied").content, b"from the image");
    assert_eq!(kind(engine.get("two", "/none").await), Some(FailureKind::NotFound));
}

#[tokio::test]
async fn logs_are_cut_by_time_and_tail_and_followed_to_the_end() {
    let engine = engine().with_behaviour("web", Behaviour::default().prints("boot"));
    make(&engine, &plain("web")).await;
    start(&engine, "web").await;
    engine.end("web", 0);
    start(&engine, "web").await;
    let since = engine.inspect("web").await.expect("made").started_at;
    let second = LogOptions { since: Some(since), follow: true, ..LogOptions::default() };
    let log = engine.logs("web", &second).await.expect("made");
    engine.print("web", "more");
    engine.end("web", 0);
    let lines: Vec<_> = log.map(|line| line.expect("not broken").1).collect().await;
    assert_eq!(lines, ["boot\n", "more\n"]);
    let tail = LogOptions { tail: Some(1), ..LogOptions::default() };
    let last: Vec<_> = engine.logs("web", &tail).await.expect("made").collect().await;
    assert_eq!(last.len(), 1);
}

#[tokio::test]
async fn an_exec_answers_and_cat_gives_back_what_it_reads() {
    let engine = engine().with_behaviour("job", Behaviour::default().answers("out", 7));
    make(&engine, &plain("job")).await;
    make(&engine, &plain("web")).await;
    let exec = ExecSpec { argv: vec!["cat".to_owned()], stdin: true, ..ExecSpec::default() };
    assert_eq!(kind(engine.exec("job", &exec).await), Some(FailureKind::Conflict));
    start(&engine, "job").await;
    start(&engine, "web").await;
    let mut session = engine.exec("job", &exec).await.expect("it runs");
    assert_eq!(
        session.output.next().await.expect("output").expect("not broken"),
        (OutputKind::Stdout, "out".into())
    );
    assert_eq!(session.control.exit_code().await.expect("answered"), Some(7));
    let mut session = engine.exec("web", &exec).await.expect("it runs");
    session.input.write_all(b"hello").await.expect("it reads");
    session.input.shutdown().await.expect("it reads");
    let all: Vec<_> = session.output.map(|chunk| chunk.expect("not broken").1).collect().await;
    assert_eq!(all.concat(), b"hello");
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
