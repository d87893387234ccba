//! Files, logs, and programs in containers.

use super::*;

#[tokio::test]
async fn files_below_memory_are_hidden_by_the_start_and_a_read_only_root_refuses() {
    let engine = engine();
    let archive = |name: &str| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_mode(0o640);
        builder.append_data(&mut header, name, b"hi".as_slice()).expect("in memory");
        crate::engine::fake::streams::stream_of(
            builder.into_inner().expect("in memory"),
            "put files",
            "",
            None,
        )
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
