//! The adapter against an engine that plays a script.

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
use crate::model::label::Labels;
use crate::model::network::NetworkSpec;

mod dials;
mod streams;

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
    Create::Container { name: "web".into(), spec: Box::new(spec), image: "i".into(), labels: Labels::new() }
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
    let create = Create::Network { name: "lab".into(), spec: NetworkSpec::default(), labels: Labels::new() };
    assert_eq!(engine.create(&create).await.expect("made"), "n1");
    let body = scripted.asked()[1].body.clone().expect("a body");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, serde_json::json!({"Name": "lab", "CheckDuplicate": true}));
}
