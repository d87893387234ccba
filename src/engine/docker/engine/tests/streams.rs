//! Bodies, logs and programs: streams that break, end, and report.

use super::*;

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
