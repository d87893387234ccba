//! The adapter against an engine that plays a script.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use crate::engine::docker::address::EngineAddress;
use crate::engine::docker::credentials::Credentials;
use crate::engine::docker::engine::DockerEngine;
use crate::engine::docker::scripted_engine::{Answer, Asked, Script, ScriptedEngine};
use crate::engine::engine::{Change, Create, Engine, ExecSpec, LogOptions, OutputKind, Remove};
use crate::engine::error::EngineError;
use crate::engine::limits::Limits;
use crate::model::container::{ContainerSpec, Endpoint};
use crate::model::dial::Dial;
use crate::model::failure::FailureKind;
use crate::model::network::NetworkSpec;

/// Answers the ping itself and all else by `script`.
fn play(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Script {
    Arc::new(move |asked| {
        let answer = if asked.line == "GET /_ping" { Answer::Text(200, "OK".into()) } else { script(&asked) };
        Box::pin(std::future::ready(answer))
    })
}

fn text(status: u16, body: &str) -> Answer {
    Answer::Text(status, body.to_owned())
}

fn said(status: u16, message: &str) -> Answer {
    Answer::Text(status, serde_json::json!({"message": message}).to_string())
}

fn container(spec: ContainerSpec) -> Create {
    Create::Container { name: "web".into(), spec: Box::new(spec), image: "i".into(), labels: BTreeMap::new() }
}

#[tokio::test]
async fn each_path_has_the_lesser_version_which_is_asked_once() {
    for (theirs, spoken) in [("1.41", "1.41"), ("1.53", "1.53"), ("1.60", "1.53")] {
        let (scripted, engine) = ScriptedEngine::start(theirs, play(|_| text(204, "")));
        engine.act("web", &Change::Start).await.expect("started");
        engine.act("web", &Change::Start).await.expect("started");
        let start = format!("POST /v{spoken}/containers/web/start");
        let lines: Vec<String> =
            scripted.lines().into_iter().map(|line| line.trim_end_matches('?').to_owned()).collect();
        assert_eq!(lines, ["GET /_ping", &start, &start]);
    }
}

#[tokio::test]
async fn a_ping_waits_for_an_engine_that_is_slow_to_serve_and_learns_its_version() {
    let serves = Arc::new(Notify::new());
    let gate = Arc::clone(&serves);
    let script: Script = Arc::new(move |asked| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            if asked.line == "GET /_ping" {
                gate.notified().await;
            }
            text(200, "OK")
        })
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    let mut ping = engine.ping();
    // The request is on its way and nobody answers.
    while scripted.lines().is_empty() {
        assert!(futures_util::poll!(&mut ping).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(futures_util::poll!(&mut ping).is_pending());
    serves.notify_one();
    ping.await.expect("it serves");
    engine.act("web", &Change::Pause).await.expect("paused");
    assert_eq!(scripted.lines(), ["GET /_ping", "POST /v1.45/containers/web/pause"]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_complete_one() {
    let script = play(|asked| match asked.line.as_str() {
        line if line.contains("/images/get") => Answer::Pieces(vec![b"some", b"bytes"], true),
        line if line.contains("/archive") => Answer::Pieces(vec![b"all"], false),
        _ => text(404, ""),
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let pieces: Vec<_> = engine.save("x").await.expect("the head is good").collect().await;
    let error = pieces.last().expect("pieces").as_ref().expect_err("it broke off");
    assert_eq!((error.kind, error.op), (FailureKind::Unreachable, "save image"));
    let pieces: Vec<_> = engine.get("web", "/x").await.expect("the head is good").collect().await;
    assert!(pieces.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_source_that_breaks_aborts_the_request() {
    let (scripted, engine) =
        ScriptedEngine::start("1.45", play(|_| text(200, "{\"stream\":\"Loaded image: x:1\"}")));
    let broken = EngineError::new("read", "x", FailureKind::NotFound, "gone");
    // The break comes a while after the first piece, which so has a chance to be sent.
    let late = stream::once(async move {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        Err(broken)
    });
    let archive = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(late).boxed();
    let error = engine.load(archive).await.expect_err("the source broke");
    assert_eq!((error.op, error.kind), ("read", FailureKind::NotFound));
    let whole = || stream::iter([Ok(Bytes::from_static(b"ha")), Ok(Bytes::from_static(b"lf"))]).boxed();
    assert_eq!(engine.load(whole()).await.expect("loaded"), ["x:1"]);
    let complete: Vec<Vec<u8>> = scripted
        .asked()
        .into_iter()
        .filter(|asked| asked.line.contains("load"))
        .filter_map(|a| a.body.ok())
        .collect();
    assert_eq!(complete, [b"half"], "only the second one looks complete");
}

#[tokio::test]
async fn a_load_that_fails_within_its_answer_fails() {
    let script = play(|_| {
        text(200, "{\"errorDetail\":{\"message\":\"no space left on device\"},\"error\":\"x\"}\r\n")
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let error = engine.load(stream::empty().boxed()).await.expect_err("it failed");
    assert_eq!(error.to_failure().causes, ["no space left on device"]);
}

#[tokio::test]
async fn closing_an_execs_input_leaves_its_output_open() {
    let script = play(|asked| match asked.line.as_str() {
        line if line.contains("/containers/web/exec") => text(201, "{\"Id\":\"e1\"}"),
        line if line.ends_with("/exec/e1/start") => Answer::EchoFrames,
        line if line.ends_with("/exec/e1/json") => text(200, "{\"Running\":false,\"ExitCode\":3}"),
        _ => text(404, ""),
    });
    let (scripted, engine) = ScriptedEngine::start("1.41", script);
    let spec = ExecSpec { argv: vec!["cat".into()], stdin: true, ..ExecSpec::default() };
    let mut session = engine.exec("web", &spec).await.expect("an exec");
    session.input.write_all(b"hello").await.expect("written");
    session.input.shutdown().await.expect("half-closed");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = session.output.next().await {
        match piece.expect("output") {
            (OutputKind::Stdout, bytes) => out.extend_from_slice(&bytes),
            (OutputKind::Stderr, bytes) => err.extend_from_slice(&bytes),
        }
    }
    assert_eq!((out.as_slice(), err.as_slice()), (&b"hello"[..], &b"end"[..]));
    assert_eq!(session.control.exit_code().await.expect("a code"), Some(3));
    let body: serde_json::Value =
        serde_json::from_slice(scripted.asked()[1].body.as_ref().expect("a body")).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({"AttachStdin": true, "AttachStdout": true, "AttachStderr": true, "Tty": false, "Cmd": ["cat"]})
    );
}

#[tokio::test]
async fn files_are_handed_to_the_containers_user_where_that_is_asked_for() {
    let script = play(|asked| match asked.line.as_str() {
        line if line.contains("/archive") => text(200, ""),
        _ => text(404, ""),
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    engine.put("web", "/tmp", stream::empty().boxed()).await.expect("put");
    engine.put_for_user("web", "/tmp", stream::empty().boxed()).await.expect("put");
    let asked = scripted.asked();
    let puts = asked.iter().filter(|it| it.line.contains("/archive"));
    let asked: Vec<bool> = puts.map(|it| it.line.contains("copyUIDGID=true")).collect();
    assert_eq!(asked, [false, true]);
}

#[tokio::test]
async fn refusals_keep_their_status_kind_and_words() {
    let script = play(|asked| match asked.line.as_str() {
        line if line.contains("create") => said(409, "Conflict. The name is already in use"),
        line if line.contains("start") => said(500, "Bind for :::80 failed: port is already allocated"),
        _ => text(502, "<html>proxy</html>"),
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let error = engine.create(&container(ContainerSpec::default())).await.expect_err("refused");
    assert_eq!((error.kind, error.status), (FailureKind::Conflict, Some(409)));
    let failure = error.to_failure();
    assert_eq!(failure.summary, "failed to create container `web`");
    assert_eq!(failure.causes, ["Conflict. The name is already in use"]);
    let error = engine.act("web", &Change::Start).await.expect_err("refused");
    assert_eq!((error.kind, error.status), (FailureKind::Conflict, Some(500)));
    let error = engine.inspect("web").await.expect_err("refused");
    assert_eq!(error.to_failure().causes, ["<html>proxy</html>"]);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_unreachable_and_says_where() {
    let address = EngineAddress::Unix("/nestctl/no/such.sock".into());
    let engine = DockerEngine::new(&address, Credentials::default(), Limits::default()).expect("an address");
    let error = engine.ping().await.expect_err("nobody");
    assert_eq!(error.kind, FailureKind::Unreachable);
    let causes = error.to_failure().causes;
    assert_eq!(causes[0], "no connection to the engine");
    assert_eq!(causes[1], "failed to dial unix:///nestctl/no/such.sock");
    assert!(causes[2].contains("No such file"), "{causes:?}");
    let error = engine.act("x", &Change::Start).await.expect_err("nobody, by bollard's way too");
    assert_eq!(error.kind, FailureKind::Unreachable);
    assert_eq!(error.to_failure().causes, causes);
}

#[tokio::test]
async fn what_is_done_already_is_success() {
    let script = play(|asked| match asked.line.as_str() {
        line if line.contains("/start") => text(304, ""),
        line if line.contains("/stop") => text(304, ""),
        line if line.contains("/containers/web/json") => {
            text(200, "{\"Id\":\"w\",\"State\":{},\"Config\":null}")
        }
        line if line.contains("/connect") => said(403, "endpoint with name web already exists in network n"),
        line if line.contains("/disconnect") => said(500, "container web is not connected to network n"),
        line if line.contains("/pause") => said(409, "container web is already paused"),
        line if line.contains("/kill") => said(409, "cannot kill container: web: container w is not running"),
        line if line.starts_with("DELETE") => said(404, "no such object"),
        _ => text(500, "not scripted"),
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let connect = Change::Connect { network: "n".into(), endpoint: Endpoint::default() };
    let disconnect = Change::Disconnect { network: "n".into() };
    for change in [Change::Start, Change::Stop(None), connect, disconnect, Change::Pause, Change::Kill(None)]
    {
        engine
            .act("web", &change)
            .await
            .unwrap_or_else(|error| panic!("{change:?}: {:?}", error.to_failure()));
    }
    engine.act("web", &Change::Kill(Some("SIGHUP".into()))).await.expect_err("nobody got the signal");
    let container = Remove::Container { container: "web".into(), volumes: true };
    for object in
        [container, Remove::Network("n".into()), Remove::Volume("v".into()), Remove::Image("i".into())]
    {
        engine.remove(&object).await.unwrap_or_else(|error| panic!("{object:?}: {:?}", error.to_failure()));
    }
}

#[tokio::test]
async fn a_removal_under_way_is_waited_for() {
    let gone = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&gone);
    let script = play(move |asked| {
        if asked.line.starts_with("DELETE") {
            return said(409, "removal of container web is already in progress");
        }
        seen.store(true, Ordering::SeqCst);
        Answer::Pieces(vec![b"{\"StatusCode\":", b"0}"], false)
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    let remove = Remove::Container { container: "web".into(), volumes: false };
    engine.remove(&remove).await.expect("gone");
    assert!(gone.load(Ordering::SeqCst));
    assert_eq!(scripted.lines()[2], "POST /v1.45/containers/web/wait?condition=removed");
}

/// With the clock paused, time goes on only when nothing else can.
#[tokio::test(start_paused = true)]
async fn a_call_has_its_own_limit() {
    let script: Script = Arc::new(|asked: Asked| {
        Box::pin(async move {
            match asked.line.as_str() {
                "GET /_ping" => text(200, "OK"),
                line if line.contains("/stop") => {
                    tokio::time::sleep(Duration::from_secs(590)).await;
                    text(204, "")
                }
                line if line.contains("/json") => {
                    text(200, "{\"Id\":\"w\",\"State\":{},\"Config\":{\"StopTimeout\":600}}")
                }
                _ => Answer::Never,
            }
        })
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    engine.act("web", &Change::Stop(Some(Duration::from_secs(600)))).await.expect("within its grace");
    assert_eq!(scripted.lines()[1], "POST /v1.45/containers/web/stop?t=600");
    engine.act("web", &Change::Stop(None)).await.expect("within the container's own grace");
    let error = engine.act("web", &Change::Stop(Some(Duration::from_secs(10)))).await.expect_err("too long");
    assert_eq!(error.kind, FailureKind::Timeout);
    let error = engine.act("web", &Change::Start).await.expect_err("never");
    assert_eq!(error.kind, FailureKind::Timeout);
    assert_eq!(error.to_failure().causes, ["the engine has not answered for 120 s"]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_no_bytes_is_given_up() {
    let script: Script = Arc::new(|asked: Asked| {
        Box::pin(async move { if asked.line == "GET /_ping" { text(200, "OK") } else { Answer::Never } })
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let archive = stream::iter([Ok(Bytes::from_static(b"all of it"))]).boxed();
    let error = engine.load(archive).await.expect_err("no answer for hours");
    assert_eq!(error.kind, FailureKind::Timeout);
    assert_eq!(error.to_failure().causes, ["the engine has not finished with what it got for 3600 s"]);
}

#[tokio::test(start_paused = true)]
async fn events_do_not_wait_for_an_engine_that_says_nothing_before_the_first() {
    let first = Arc::new(Notify::new());
    let gate = Arc::clone(&first);
    let script: Script = Arc::new(move |asked| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            if asked.line == "GET /_ping" {
                return text(200, "OK");
            }
            gate.notified().await;
            text(
                200,
                "{\"Type\":\"container\",\"Action\":\"health_status: healthy\",\"Actor\":{\"ID\":\"c1\",\
                 \"Attributes\":{\"name\":\"web\"}}}\n{\"Type\":\"network\",\"Action\":\"create\"}\n",
            )
        })
    });
    let (scripted, engine) = ScriptedEngine::start("1.41", script);
    let events = engine.events().await.expect("subscribed");
    assert!(scripted.lines()[1].starts_with("GET /v1.41/events?since="), "{:?}", scripted.lines());
    first.notify_one();
    let events: Vec<_> = events.map(|event| event.expect("an event")).collect().await;
    assert_eq!(events[0].action, "health_status: healthy");
    assert_eq!((events[0].id.as_str(), events[0].name.as_str()), ("c1", "web"));
    assert_eq!((events[1].object.as_str(), events[1].name.as_str()), ("network", ""));
}

#[tokio::test]
async fn a_terminals_log_is_raw_and_any_other_is_framed() {
    for (terminal, expected) in [("true", "\u{1}\0\0\0\0\0\0\u{2}hi"), ("false", "hi")] {
        let script = play(move |asked| {
            if asked.line.contains("/json") {
                return Answer::Text(
                    200,
                    format!("{{\"Id\":\"w\",\"State\":{{}},\"Config\":{{\"Tty\":{terminal}}}}}"),
                );
            }
            Answer::Pieces(vec![b"\x01\0\0\0\0", b"\0\0\x02h", b"i"], false)
        });
        let (scripted, engine) = ScriptedEngine::start("1.41", script);
        let options = LogOptions { tail: Some(5), since: Some("7.5".into()), ..LogOptions::default() };
        let log = engine.logs("web", &options).await.expect("a log");
        let pieces: Vec<_> = log.map(|piece| piece.expect("bytes").1).collect().await;
        assert_eq!(String::from_utf8(pieces.concat()).expect("text"), expected);
        assert_eq!(
            scripted.lines()[2],
            "GET /v1.41/containers/web/logs?stdout=true&stderr=true&follow=false&timestamps=false&tail=5&since=7.5"
        );
    }
}

#[tokio::test]
async fn a_pull_reports_bytes_and_fails_by_the_words_in_its_stream() {
    let script = play(|asked| {
        let lines = match asked.line.as_str() {
            line if line.contains("gone") => {
                "{\"status\":\"Pulling\"}\n{\"errorDetail\":{\"message\":\"manifest unknown\"},\"error\":\"manifest unknown\"}"
            }
            line if line.contains("secret") => return said(500, "unauthorized: authentication required"),
            _ => {
                "{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":5,\"total\":10}}\n\
                 {\"status\":\"Pull complete\",\"id\":\"a\",\"progressDetail\":{}}\n"
            }
        };
        text(200, lines)
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sums = Arc::clone(&seen);
    let progress = Arc::new(move |done, total| sums.lock().expect("alone").push((done, total)));
    engine.pull("r.io/a/b", Some("linux/arm64"), progress.clone()).await.expect("pulled");
    assert_eq!(*seen.lock().expect("alone"), [(5, Some(10)), (10, Some(10))]);
    assert_eq!(
        scripted.lines()[1],
        "POST /v1.45/images/create?fromImage=r.io%2Fa%2Fb&tag=latest&platform=linux%2Farm64"
    );
    assert_eq!(scripted.asked()[1].auth, None);
    let gone = engine.pull("gone@sha256:ab", None, progress.clone()).await.expect_err("gone");
    assert_eq!(gone.kind, FailureKind::NotFound);
    assert!(scripted.lines()[2].contains("tag=sha256%3Aab"), "{:?}", scripted.lines());
    let secret = engine.pull("secret", None, progress).await.expect_err("secret");
    assert_eq!(secret.kind, FailureKind::Unauthorized);
}

#[tokio::test]
async fn a_save_names_the_platform_where_the_store_holds_indexes() {
    for (api, driver, asked_for) in [
        ("1.48", "io.containerd.snapshotter.v1", true),
        ("1.47", "io.containerd.snapshotter.v1", false),
        ("1.48", "overlay2", false),
    ] {
        let script = play(move |asked| match asked.line.as_str() {
            line if line.contains("/info") => {
                Answer::Text(200, format!("{{\"DriverStatus\":[[\"driver-type\",\"{driver}\"]]}}"))
            }
            line if line.ends_with("/json") => {
                text(200, "{\"Id\":\"i\",\"Os\":\"linux\",\"Architecture\":\"amd64\"}")
            }
            _ => text(200, "tar"),
        });
        let (scripted, engine) = ScriptedEngine::start(api, script);
        drop(engine.save("r.io/x:1").await.expect("saved"));
        let line = scripted.lines().pop().expect("asked");
        assert!(line.contains("/images/get?names=r.io%2Fx%3A1"), "{line}");
        assert_eq!(line.contains("platform=%7B%22architecture%22%3A%22amd64%22"), asked_for, "{line}");
    }
}

#[tokio::test]
async fn a_path_is_looked_for_without_making_anything() {
    let script = play(|asked| {
        let body = String::from_utf8_lossy(asked.body.as_deref().unwrap_or_default()).into_owned();
        match asked.line.as_str() {
            line if line.contains("/version") => text(200, "{\"Components\":[{\"Name\":\"Engine\"}]}"),
            _ if body.contains("/there") => said(404, "No such image: nestctl.invalid/no-such-image:never"),
            _ => said(400, "invalid mount config for type \"bind\": bind source path does not exist: /gone"),
        }
    });
    let (scripted, engine) = ScriptedEngine::start("1.45", script);
    assert!(engine.sees("/there").await.expect("tried"));
    assert!(!engine.sees("/gone").await.expect("tried"));
    assert!(scripted.lines().iter().all(|line| !line.starts_with("DELETE")));
}

#[tokio::test]
async fn a_look_at_an_engine_is_one_list_of_each_type() {
    let lists = |asked: &Asked| if asked.line.contains("volumes") { "{\"Volumes\":[]}" } else { "[]" };
    let (scripted, engine) = ScriptedEngine::start("1.41", play(move |asked| text(200, lists(asked))));
    let seen = engine.observe().await.expect("it answers");
    assert!(seen.containers.is_empty() && seen.images.is_empty());
    let mut lines = scripted.lines();
    lines.sort();
    let expected = [
        "GET /_ping",
        "GET /v1.41/containers/json?all=true",
        "GET /v1.41/images/json",
        "GET /v1.41/networks",
        "GET /v1.41/volumes",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_network_is_made_once() {
    let (scripted, engine) =
        ScriptedEngine::start("1.41", play(|_| text(201, "{\"Id\":\"n1\",\"Warning\":\"\"}")));
    let create =
        Create::Network { name: "lab".into(), spec: NetworkSpec::default(), labels: BTreeMap::new() };
    assert_eq!(engine.create(&create).await.expect("made"), "n1");
    let body = scripted.asked()[1].body.clone().expect("a body");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, serde_json::json!({"Name": "lab", "CheckDuplicate": true}));
}

const RESET: &str = "OCI runtime exec failed: exec failed: unable to start container process: waiting for init \
    preliminary setup: read init-p: connection reset by peer: unknown";

/// The calls that reach an engine in a node whose dial program says `first` the first time, and how a signal went.
async fn signalled_after(first: &'static str) -> (usize, Result<(), EngineError>) {
    let starts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&starts);
    let script = play(move |asked| match asked.line.as_str() {
        line if line.contains("/containers/node/exec") => text(201, "{\"Id\":\"e1\"}"),
        line if line.ends_with("/exec/e1/start") && counted.fetch_add(1, Ordering::Relaxed) == 0 => {
            Answer::SayFrame(first)
        }
        line if line.ends_with("/exec/e1/start") => Answer::SayFrame(
            "HTTP/1.1 200 OK\r\napi-version: 1.45\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        ),
        line if line.ends_with("/exec/e1/json") => text(200, "{\"Running\":false,\"ExitCode\":126}"),
        _ => text(404, ""),
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let dial = Dial::Exec { argv: vec!["dial".into()], env: Vec::new(), user: None };
    let inner = (engine as Arc<dyn Engine>).inside("node", &dial);
    let went = inner.act("web", &Change::Kill(Some("HUP".into()))).await;
    (starts.load(Ordering::Relaxed), went)
}

#[tokio::test]
async fn a_dial_program_that_could_not_start_for_the_moment_is_started_again() {
    let (starts, went) = signalled_after(RESET).await;
    went.expect("it goes well the second time");
    // The first dial, and those of the ping and the call: none is kept.
    assert_eq!(starts, 3);
    // It was started: what it was given may have come somewhere.
    for said in ["connection reset by peer", "OCI runtime exec failed: no docker"] {
        let (starts, went) = signalled_after(said).await;
        assert_eq!((starts, went.expect_err("it is told").kind), (1, FailureKind::Unreachable), "{said}");
    }
}
