//! Engines inside containers of a real engine.

use super::*;

#[tokio::test]
async fn an_inner_engine_is_a_whole_engine_at_any_depth() {
    const TEST: &str = "depth";
    with_root(TEST, |root| async move {
        let outer = node(&*root, TEST, "nestctl-adapter-depth").await;
        let one = enter(Arc::clone(&root) as Arc<dyn Engine>, &outer).await;
        assert_ne!(one.facts().await.expect("facts").id, root.facts().await.expect("facts").id);
        for image in [busybox(), dind()] {
            let loaded = one.load(root.save(&image).await.expect("saved")).await.expect("loaded");
            assert_eq!(loaded, [image]);
        }
        let id = run(&*one, TEST, "work", shell("echo deep; sleep 600")).await;
        assert_eq!(exec(&*one, &id, &["echo", "hi"]).await, ("hi\n".to_owned(), String::new(), Some(0)));
        echo(&*one, &id, 300_000).await;
        one.act(&id, &Change::Stop(Some(Duration::ZERO))).await.expect("stopped");
        assert_eq!(text(one.logs(&id, &LogOptions::default()).await.expect("a log")).await.0, "deep\n");

        let inner = node(&*one, TEST, "inner").await;
        let two = enter(Arc::clone(&one), &inner).await;
        let loaded = two.load(one.save(&busybox()).await.expect("saved")).await.expect("loaded");
        assert_eq!(loaded, [busybox()]);
        let id = run(&*two, TEST, "work", shell("echo deeper; sleep 600")).await;
        echo(&*two, &id, 300_000).await;
        let seen = two.observe().await.expect("lists");
        assert_eq!(seen.containers.len(), 1);
        drop(two);
        no_dial_programs(&*one, &inner).await;
        drop(one);
        no_dial_programs(&*root, &outer).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_calls_that_are_dropped() {
    const TEST: &str = "dropped";
    with_root(TEST, |root| async move {
        let outer = node(&*root, TEST, "nestctl-adapter-dropped").await;
        let inner = enter(Arc::clone(&root) as Arc<dyn Engine>, &outer).await;
        inner.load(root.save(&busybox()).await.expect("saved")).await.expect("loaded");
        let id = run(&*inner, TEST, "work", shell("sleep 600")).await;
        let events = inner.events().await.expect("events");
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let logs = inner.logs(&id, &follow).await.expect("a log");
        let session = inner.exec(&id, &ExecSpec { stdin: true, ..program(&["cat"]) }).await.expect("an exec");
        let archive = stream::pending().boxed();
        let mut load = Box::pin(inner.load(archive));
        assert!(futures_util::poll!(&mut load).is_pending());
        assert!(dial_programs(&*root, &outer).await >= 3, "each stream has its own");
        drop((events, logs, session, load));
        drop(inner);
        no_dial_programs(&*root, &outer).await;
    })
    .await;
}

#[tokio::test]
async fn a_broken_source_never_loads() {
    const TEST: &str = "broken";
    with_root(TEST, |root| async move {
        let outer = node(&*root, TEST, "nestctl-adapter-broken").await;
        let inner = enter(Arc::clone(&root) as Arc<dyn Engine>, &outer).await;
        let saved = root.save(&busybox()).await.expect("saved");
        let broken =
            crate::engine::error::EngineError::new("read", "x", FailureKind::Conflict, "the disk died");
        // The last piece is missing, which is padding at most: without the error the archive would be complete.
        let pieces: Vec<_> = saved.collect().await;
        let cut = stream::iter(pieces).chain(stream::iter([Err(broken)])).boxed();
        let error = inner.load(cut).await.expect_err("the source broke");
        assert_eq!((error.op, error.kind), ("read", FailureKind::Conflict));
    })
    .await;
}

#[tokio::test]
async fn a_dead_node_is_unreachable_at_once() {
    const TEST: &str = "dead";
    with_root(TEST, |root| async move {
        let outer = node(&*root, TEST, "nestctl-adapter-dead").await;
        let inner = enter(Arc::clone(&root) as Arc<dyn Engine>, &outer).await;
        let mut events = inner.events().await.expect("events");
        let mut load = Box::pin(inner.load(stream::pending().boxed()));
        assert!(futures_util::poll!(&mut load).is_pending());
        let (killed, loaded) = tokio::join!(root.act(&outer, &Change::Kill(None)), async {
            tokio::time::timeout(Duration::from_secs(30), load).await.expect("it does not hang")
        });
        killed.expect("killed");
        assert_eq!(loaded.expect_err("the engine is gone").kind, FailureKind::Unreachable);
        let ended = async { while let Some(Ok(_)) = events.next().await {} };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the stream ends");

        let error = inner.ping().await.expect_err("the node is dead");
        assert_eq!(error.kind, FailureKind::Unreachable);
        let failure = error.to_failure();
        assert!(failure.causes.iter().any(|cause| cause.contains("is not running")), "{failure:?}");
    })
    .await;
}

#[tokio::test]
async fn a_dial_program_that_fails_says_why() {
    const TEST: &str = "dial";
    with_root(TEST, |root| async move {
        let id = run(&*root, TEST, "nestctl-adapter-dial", shell("sleep 600")).await;
        let causes = async |argv: &[&str]| {
            let dial = Dial::Exec {
                argv: argv.iter().map(|&word| word.to_owned()).collect(),
                env: vec![],
                user: None,
            };
            let inner = (Arc::clone(&root) as Arc<dyn Engine>).inside(&id, &dial);
            let error = inner.ping().await.expect_err("nothing to dial");
            assert_eq!(error.kind, FailureKind::Unreachable);
            error.to_failure().causes.join(" / ")
        };
        let missing = causes(&["no-such-client", "system", "dial-stdio"]).await;
        assert!(missing.contains("executable file not found"), "{missing}");
        let refused = causes(&["sh", "-c", "echo no daemon here >&2; exit 9"]).await;
        assert!(refused.contains("(exit code 9): no daemon here"), "{refused}");
    })
    .await;
}
