//! Engines that are not the newest Docker: podman, and Debian 12's.

use super::*;
use crate::model::map::Map;

/// The port's main calls on an inner engine of another kind.
async fn whole_life(engine: &dyn Engine, root: &DockerEngine, test: &str) {
    let facts = engine.facts().await.expect("facts");
    assert_eq!(facts, engine.facts().await.expect("facts"), "an engine's facts, its ID above all, last");
    let loaded = engine.load(root.save(&busybox()).await.expect("saved")).await.expect("loaded");
    assert_eq!(loaded.len(), 1, "{loaded:?}");
    engine.tag(&busybox(), "lab/bb:1").await.expect("tagged");
    let network = Create::Network { name: "lab".into(), spec: NetworkSpec::default(), labels: labels(test) };
    engine.create(&network).await.expect("a network");
    let second = Create::Network { name: "lab2".into(), spec: NetworkSpec::default(), labels: labels(test) };
    engine.create(&second).await.expect("a network");
    let twice = engine.create(&network).await.expect_err("the name is taken");
    assert_eq!(twice.kind, FailureKind::Conflict, "{:?}", twice.to_failure());

    let mut events = engine.events().await.expect("events");
    let endpoint = || Endpoint { aliases: vec!["work".into()], ..Endpoint::default() };
    let spec = ContainerSpec {
        wrapper: Some("/bin/busybox".into()),
        environment: Map::from_iter([("A".to_owned(), Some("b".to_owned()))]),
        networks: Map::from_iter([("lab".to_owned(), endpoint()), ("lab2".to_owned(), endpoint())]),
        mounts: vec![Mount {
            target: "/data".into(),
            source: MountSource::volume(Some("data".into())),
            read_only: false,
            consistency: None,
        }],
        ..shell("echo out; echo err >&2; trap 'exit 3' TERM; while :; do sleep 0.1; done")
    };
    let id = run(engine, test, "work", spec).await;
    engine.act(&id, &Change::Start).await.expect("starting a running one is success");
    let started = async {
        loop {
            let event = events.next().await.expect("goes on").expect("an event");
            if event.action == "start" && event.id == id {
                return event;
            }
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(20), started).await.expect("told of the start");
    assert_eq!((event.object.as_str(), event.name.as_str()), ("container", "work"));
    drop(events);
    let connect = Change::Connect { network: "lab2".into(), endpoint: endpoint() };
    engine.act(&id, &connect).await.expect("connected");
    engine.act(&id, &connect).await.expect("connecting again is success");

    let (out, err, code) = exec(engine, &id, &["sh", "-c", "echo $A; echo b >&2; exit 7"]).await;
    assert_eq!((out.as_str(), err.as_str(), code), ("b\n", "b\n", Some(7)));
    echo(engine, &id, 100_000).await;
    engine.act(&id, &Change::Stop(Some(Duration::from_secs(5)))).await.expect("stopped");
    engine.act(&id, &Change::Stop(Some(Duration::from_secs(5)))).await.expect("stopping again is success");
    let (out, err) = text(engine.logs(&id, &LogOptions::default()).await.expect("a log")).await;
    assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));

    let seen = engine.observe().await.expect("lists");
    let row = seen.containers.iter().find(|c| c.id == id).expect("listed");
    assert_eq!((row.name.as_str(), row.state, row.exit_code), ("work", ContainerState::Exited, Some(3)));
    assert_eq!(row.networks.keys().collect::<Vec<_>>(), ["lab", "lab2"]);
    assert_eq!(row.mounts[0].volume.as_deref(), Some("data"));
    let image = seen.images.iter().find(|image| image.id == row.image_id).expect("listed");
    assert!(image.tags.contains(&"lab/bb:1".to_owned()), "{:?}", image.tags);
    assert!(engine.sees("/etc").await.expect("tried"));
    assert!(!engine.sees("/nestctl/no/such").await.expect("tried"));
    assert!(!engine.sees("/nestctl/no/such").await.expect("tried"), "the first try has not made it");
    let missing = engine.inspect("nobody").await.expect_err("nobody");
    assert_eq!(missing.kind, FailureKind::NotFound);
    let remove = Remove::Container { container: id.clone(), volumes: true };
    engine.remove(&remove).await.expect("removed");
    engine.remove(&remove).await.expect("removing what is gone is success");
    for network in ["lab", "lab2"] {
        engine.remove(&Remove::Network(network.into())).await.expect("removed");
        engine.remove(&Remove::Network(network.into())).await.expect("removing what is gone is success");
    }
    engine.remove(&Remove::Volume("data".into())).await.expect("removed");
    let left = engine.observe().await.expect("lists");
    assert!(left.containers.is_empty() && left.volumes.is_empty(), "{left:?}");
}

#[tokio::test]
async fn podman_is_an_engine_too() {
    const TEST: &str = "podman";
    with_root(TEST, |root| async move {
        let spec = ContainerSpec {
            image: image("PODMAN_IMAGE", "nestctl-test/podman:latest"),
            entrypoint: Some(vec![]),
            command: Some(
                [
                    "sh",
                    "-c",
                    "mkdir -p /run/podman; exec podman system service -t 0 unix:///run/podman/podman.sock",
                ]
                .map(str::to_owned)
                .to_vec(),
            ),
            privileged: true,
            mounts: vec![Mount {
                target: "/var/lib/containers".into(),
                source: MountSource::volume(None),
                read_only: false,
                consistency: None,
            }],
            ..ContainerSpec::default()
        };
        let outer = run(&*root, TEST, "nestctl-adapter-podman", spec).await;
        let dial = Dial::Exec {
            argv: ["podman", "--url", "unix:///run/podman/podman.sock", "system", "dial-stdio"]
                .map(str::to_owned)
                .to_vec(),
            env: vec![],
            user: None,
        };
        let inner = enter_by(Arc::clone(&root) as Arc<dyn Engine>, &outer, &dial).await;
        whole_life(&*inner, &root, TEST).await;
    })
    .await;
}

#[tokio::test]
async fn an_engine_of_api_1_41_is_an_engine_too() {
    const TEST: &str = "old";
    with_root(TEST, |root| async move {
        let tmpfs = |target: &str| Mount {
            target: target.into(),
            source: MountSource::Tmpfs { options: String::new() },
            read_only: false,
            consistency: None,
        };
        let spec = ContainerSpec {
            image: image("SYSTEMD_IMAGE", "nestctl-test/systemd:latest"),
            entrypoint: Some(vec![]),
            command: Some(vec!["/sbin/init".into()]),
            tty: true,
            privileged: true,
            stop_signal: Some("SIGRTMIN+3".into()),
            mounts: vec![
                tmpfs("/run"),
                tmpfs("/tmp"),
                Mount {
                    target: "/var/lib/docker".into(),
                    source: MountSource::volume(None),
                    read_only: false,
                    consistency: None,
                },
            ],
            ..ContainerSpec::default()
        };
        let outer = run(&*root, TEST, "nestctl-adapter-old", spec).await;
        let inner = enter(Arc::clone(&root) as Arc<dyn Engine>, &outer).await;
        assert_eq!(inner.facts().await.expect("facts").api_version, "1.41");
        whole_life(&*inner, &root, TEST).await;
    })
    .await;
}
